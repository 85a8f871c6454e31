"""The page on which people read the API's document and try it: Swagger UI, from files of our own.

Nothing is loaded from outside: a call centre's machines need not see the internet, and the policy in the page's header
forbids it besides.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources
from typing import Any

from litestar import Response, get
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.router import Router

from telephony_http.error_replies import AnyRequest
from telephony_http.mounted import place_of

_KEPT_FOR = "public, max-age=86400"
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
_JAVASCRIPT = "text/javascript"
_CSS = "text/css"


@cache
def _file(name: str) -> bytes:
    return resources.files("telephony_http").joinpath("swagger_ui", name).read_bytes()


def _packed(name: str, media_type: str) -> Response[bytes]:
    # Every browser takes gzip, and nobody else asks for these.
    headers = {"Content-Encoding": "gzip", "Cache-Control": _KEPT_FOR}
    return Response(_file(f"{name}.gz"), media_type=media_type, headers=headers)


@get("/swagger-ui-bundle.js", sync_to_thread=False)
def script() -> Response[bytes]:
    return _packed("swagger-ui-bundle.js", _JAVASCRIPT)


@get("/swagger-ui.css", sync_to_thread=False)
def style() -> Response[bytes]:
    return _packed("swagger-ui.css", _CSS)


@get("/start.js", sync_to_thread=False)
def start() -> Response[bytes]:
    return Response(_file("start.js"), media_type=_JAVASCRIPT)


class SwaggerPage(OpenAPIRenderPlugin):
    """At /schema and /schema/swagger, with its files beside."""

    def __init__(self) -> None:
        super().__init__(path=["/", "/swagger"])

    def render(self, request: AnyRequest, openapi_schema: dict[str, Any]) -> bytes:
        document = place_of(request.scope) + self.get_openapi_json_route(request)
        folder = document.rpartition("/")[0]
        title = escape(openapi_schema["info"]["title"])
        return f"""<!doctype html>
<html lang="ru">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{folder}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript><a href="{document}">{title}: OpenAPI</a></noscript>
<script src="{folder}/swagger-ui-bundle.js"></script>
<script src="{folder}/start.js" data-document="{document}"></script>
</body>
</html>
""".encode()

    def receive_router(self, router: Router) -> None:
        for handler in (script, style, start):
            router.register(handler)
