"""Which methods an address knows: OPTIONS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from litestar import Response, route
from litestar.handlers import HTTPRouteHandler


def options(handlers: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """A handler of OPTIONS for each path of these. Register them first: the framework makes its own for a path as soon
    as it meets the path, and in `Allow` names the methods that it has seen by then.
    """
    methods: defaultdict[str, set[str]] = defaultdict(lambda: {"OPTIONS"})
    for handler in handlers:
        for path in handler.paths:
            methods[path] |= handler.http_methods
    return [_allowing(path, ", ".join(sorted(allowed))) for path, allowed in methods.items()]


def _allowing(path: str, allowed: str) -> HTTPRouteHandler:
    @route(path, http_method="OPTIONS", status_code=204, include_in_schema=False, sync_to_thread=False)
    def told() -> Response[None]:
        return Response(None, status_code=204, headers={"Allow": allowed})

    return told
