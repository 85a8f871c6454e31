"""Lets a contract that was broken say so: which promise of which rule, and the calls that led to it, in order.

A contract's tests stay plain tests with plain assertions, whose docstrings open with the rule's number: `K5: all of
them or none`. What fails in one of them is told as `BrokenPromise`.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis.errors import HypothesisException

from telephony_core.testing.rules import RULES
from telephony_core.testing.stories import BrokenRule

_NUMBERS = re.compile(r"(?:Law [0-9]+|[NDCKBP][0-9]{1,2})(?:(?:, | and )[NDCKBP][0-9]{1,2})*")

_TOLD_OF = ("store", "gateway", "directory", "statuses", "zones", "publisher")
"""The arguments of a contract's tests whose calls are told: what is put to the test."""


class BrokenPromise(AssertionError):
    """A contract is broken. `promise` is the sentence of the port; `calls` what was asked of the thing, in order."""

    def __init__(self, test: Callable[..., object], calls: tuple[str, ...], why: str) -> None:
        self.promise: str = " ".join(
            (inspect.getdoc(test) or test.__name__.removeprefix("test_").replace("_", " ")).split()
        )
        opening = _NUMBERS.match(self.promise)
        self.rules: tuple[str, ...] = tuple(re.findall(r"[NDCKBP][0-9]{1,2}", opening.group())) if opening else ()
        self.name: str = opening.group() if opening else "The port's contract"
        self.calls = calls
        self.why = why
        super().__init__(self.promise)

    def __str__(self) -> str:
        sentence = self.promise.removeprefix(self.name).lstrip(": ")
        said = [f"{self.name} is broken: {sentence}"]
        said += [f"The rule {rule}: {RULES[rule]}." for rule in self.rules if rule in RULES]
        if self.calls:
            said += ["", "What was asked, in order:", *(f"  {call}" for call in self.calls)]
        return "\n".join([*said, "", "What was seen:", self.why])


class Contract:
    """What all contracts share. Nothing to override here."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        for name, test in list(vars(cls).items()):
            if name.startswith("test_") and callable(test):
                setattr(cls, name, _that_tells(test))


def _that_tells(test: Any) -> Any:
    if hasattr(test, "hypothesis"):
        # Hypothesis' own way for who wraps its tests; around it, its examples would not be run.
        test.hypothesis.inner_test = _telling(test.hypothesis.inner_test)
        return test
    return _telling(test)


def _telling(test: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(test):

        @functools.wraps(test)
        async def told_async(*args: Any, **kwargs: Any) -> None:
            calls: list[str] = []
            try:
                made = {name: await value if inspect.isawaitable(value) else value for name, value in kwargs.items()}
            except NotImplementedError as error:
                _say_what_to_write(error)
                raise
            try:
                await test(*args, **_overheard(made, calls))
            except (HypothesisException, BrokenRule):
                raise
            except _FAILURES as error:
                _say_what_to_write(error)
                raise BrokenPromise(test, tuple(calls), _why(error)) from error

        return pytest.mark.asyncio(told_async) if _PLUGIN_IS_THERE else told_async

    @functools.wraps(test)
    def told(*args: Any, **kwargs: Any) -> None:
        calls: list[str] = []
        try:
            test(*args, **_overheard(kwargs, calls))
        except (HypothesisException, BrokenRule):
            raise
        except _FAILURES as error:
            _say_what_to_write(error)
            raise BrokenPromise(test, tuple(calls), _why(error)) from error

    return told


def _say_what_to_write(error: BaseException) -> None:
    """Raise anew what a contract's own method raised for not being overridden, with its name and docstring: that
    breaks no promise."""
    if not isinstance(error, NotImplementedError):
        return
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    contract, name = frame.f_locals.get("self"), frame.f_code.co_name
    if isinstance(contract, Contract) and frame.f_globals["__name__"].startswith(__package__):
        says = inspect.getdoc(getattr(contract, name)) or ""
        raise NotImplementedError(f"{type(contract).__name__}.{name} is to be written. {says}".rstrip()) from None


_PLUGIN_IS_THERE = importlib.util.find_spec("pytest_asyncio") is not None
"""Then tests are marked for it, and run in each of its modes. The fixtures of contracts are plain ones, which give what
is still to be awaited: no plugin need know of them."""

_FAILURES = (Exception, pytest.fail.Exception)
"""pytest's own failures are no `Exception`. Hypothesis' are signals, that an example is of no use for one."""


def _why(error: BaseException) -> str:
    said = str(error)
    return (
        said
        if isinstance(error, AssertionError | pytest.fail.Exception) and said
        else f"{type(error).__name__}: {said}"
    )


def _overheard(arguments: Mapping[str, Any], calls: list[str]) -> dict[str, Any]:
    return {name: Overheard(value, name, calls) if name in _TOLD_OF else value for name, value in arguments.items()}


class Overheard:
    """Stands for a thing whose calls are written down; to everybody else, `isinstance` included, it is that thing."""

    def __init__(self, thing: object, name: str, calls: list[str]) -> None:
        object.__setattr__(self, "_overheard", (thing, name, calls))

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(object.__getattribute__(self, "_overheard")[0])

    def __setattr__(self, name: str, value: object) -> None:
        setattr(object.__getattribute__(self, "_overheard")[0], name, value)

    def __getattr__(self, name: str) -> Any:
        thing, path, calls = object.__getattribute__(self, "_overheard")
        value = getattr(thing, name)
        if name.startswith("_"):
            return value
        if path in _BEGINS and name in _PARTS:
            return Overheard(value, name, calls)
        if name in _BEGINS:
            return lambda *args, **kwargs: Overheard(value(*args, **kwargs), name, calls)
        return _written_down(value, f"{path}.{name}", calls) if inspect.iscoroutinefunction(value) else value

    async def __aenter__(self) -> Any:
        thing, path, calls = object.__getattribute__(self, "_overheard")
        calls.append(f"begin to {path}")
        await thing.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> Any:
        thing, path, calls = object.__getattribute__(self, "_overheard")
        calls.append(f"end to {path}" + (f", by {failure[0].__name__}" if failure[0] else ""))
        return await thing.__aexit__(*failure)


_BEGINS = ("read", "write")
_PARTS = ("calls", "reservations", "keys", "carousel", "reports", "events", "personal")


def _written_down(method: Callable[..., Any], name: str, calls: list[str]) -> Callable[..., Any]:
    def said(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        given = [*map(_short, args), *(f"{key}={_short(value)}" for key, value in kwargs.items())]
        return f"{name}({', '.join(given)})"

    @functools.wraps(method)
    async def asked(*args: Any, **kwargs: Any) -> Any:
        place = len(calls)
        calls.append(said(args, kwargs))
        try:
            answer = await method(*args, **kwargs)
        except Exception as error:
            calls[place] += f" -> {type(error).__name__}"
            raise
        if answer is not None:
            calls[place] += f" -> {_short(answer)}"
        return answer

    return asked


_LONGEST = 90


def _short(value: object) -> str:
    """A value as briefly as it can still be told apart: by its id, where it has one."""
    identity = getattr(value, "id", None)
    if identity is not None:
        return f"{type(value).__name__} {identity}"
    said = repr(value)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
