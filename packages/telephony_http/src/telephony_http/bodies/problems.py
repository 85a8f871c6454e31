"""The body of a refusal as the API's document shows it."""

from __future__ import annotations

from telephony_http.bodies.shared import Told


class ProblemTold(Told):
    """RFC 9457. `code` is stable; further fields hold the refusal's reasons as data."""

    type: str
    title: str
    status: int
    detail: str
    code: str
