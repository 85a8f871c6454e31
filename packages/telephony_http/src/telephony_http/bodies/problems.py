"""The body of a refusal as the API's document shows it."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from telephony_http.bodies.shared import Told


class WrongFieldTold(Told):
    """A field of the request that is wrong, `numbers[2]` for one, and what is expected there; empty: the whole body."""

    field: str
    message: str
    code: str | UnsetType = UNSET


class ProblemTold(Told):
    """RFC 9457. `code` is stable, new ones may come; `detail` is for people. Each code has reasons of its own as
    further members, of which these are the commonest. `retry_after`: seconds, as in the header."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[WrongFieldTold] | UnsetType = UNSET
    reasons: list[str] | UnsetType = UNSET
    call_id: str | UnsetType | None = UNSET
    attempt_id: str | UnsetType | None = UNSET
    permission: str | UnsetType = UNSET
    retry_after: int | UnsetType = UNSET
    error_id: str | UnsetType = UNSET
