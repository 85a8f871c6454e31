"""Holds a faulty thing against its contract, without pytest's machinery: what rejects it first, and what that says."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from attrs import frozen

from telephony_core.testing.contracts.promises import BrokenPromise
from telephony_core.testing.stories import BrokenRule

_MAKERS = {
    "store": "make_store",
    "gateway": "make_gateway",
    "statuses": "make_statuses",
    "publisher": "make_publisher",
}
"""How a contract makes what pytest would hand to its tests as a fixture."""


@frozen
class Rejection:
    """`test` rejected it by `error`, which tells of `rules`, after so many seconds of processor."""

    test: str
    error: AssertionError
    seconds: float

    @property
    def rules(self) -> tuple[str, ...]:
        match self.error:
            case BrokenRule():
                return (self.error.rule,)
            case BrokenPromise():
                return (*self.error.rules, self.error.name)
            case _:
                return ()


def rejection(contract: type[Any], rule: str | None = None, *, quick: bool = False) -> Rejection | None:
    """The first test of the contract that fails and says that `rule` (None: any) is broken; small situations first.

    `quick`: what Hypothesis draws, and what needs another process, is left out.
    """
    began = time.process_time()
    for name in sorted(_tests(contract), key=lambda name: (_place(name, rule), name)):
        if quick and (hasattr(getattr(contract, name), "hypothesis") or "days_of_use" in name or "process" in name):
            continue
        try:
            _run(contract(), getattr(contract, name))
        except AssertionError as error:
            rejected = Rejection(name, error, time.process_time() - began)
            if rule is None or rule in rejected.rules:
                return rejected
    return None


def _tests(contract: type[Any]) -> Iterator[str]:
    return (name for name in dir(contract) if name.startswith("test_") and getattr(contract, name) is not None)


def _place(name: str, rule: str | None) -> tuple[bool, bool, bool]:
    is_about_it = rule is not None and f"_{rule.lower()}_" in name
    return "small_situation" not in name, not is_about_it, "days_of_use" in name


def _run(contract: Any, test: Callable[..., Any]) -> None:
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    for row in product(*(_arguments(mark) for mark in marks)):
        given = {name: value for part in row for name, value in part.items()}
        if inspect.iscoroutinefunction(test):
            asyncio.run(_with_fixtures(contract, test, given))
        else:
            test(contract, **given)


def _arguments(mark: Any) -> list[dict[str, Any]]:
    names, rows = mark.args[:2]
    named = [part.strip() for part in names.split(",")] if isinstance(names, str) else list(names)
    return [dict(zip(named, row if len(named) > 1 else (row,), strict=True)) for row in rows]


async def _with_fixtures(contract: Any, test: Callable[..., Any], given: dict[str, Any]) -> None:
    for name, maker in _MAKERS.items():
        if name in inspect.signature(test).parameters:
            given[name] = await getattr(contract, maker)()
    await test(contract, **given)
