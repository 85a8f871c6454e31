"""What an answer to the call request means (law 9): the one table.

| answer | meaning |
|---|---|
| 200 to 204 with a tracking id as bare text | `Accepted` |
| 4xx (429 too) with an errorCode | `Refused`, unless told to trust the list alone (BA10) |
| any other status with an errorCode that is on the list | `Refused` |
| anything else: other 5xx, a redirect, 4xx without an errorCode, 2xx empty, unreadable or of no length | unknown |

Unknown is `OutcomeUnknown`. No answer at all is judged by how far the request got, see `requests`.
"""

from __future__ import annotations

import re

from telephony_adapters.gateways.beeline.requests import Answer, error_of
from telephony_core.ports import Accepted, DialAnswer, OutcomeUnknown, Refused

NOT_DONE: frozenset[str] = frozenset({"Unauthorized", "TooManyRequests", "UserNotFound", "InvalidPhoneNumber"})
"""Codes that mean 'not done' under any status: each names something that is checked before anybody is dialled (BA10).

Short on purpose. A code missing here costs a doubt; one too many costs a second ring at a client's.
"""

# One word with a digit in it. No more is known of its shape: `1732398765432:1` and UUIDs were seen.
_TRACKING_ID = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9][A-Za-z0-9._:@=-]{3,127}")


def judge(answer: Answer, not_done: frozenset[str] = NOT_DONE, *, listed_only: bool = False) -> DialAnswer:
    """The meaning of an answer to the call request. `listed_only`: a 4xx alone is no refusal."""
    code, description = error_of(answer.body)
    if code is not None and (code in not_done or (400 <= answer.status < 500 and not listed_only)):
        return Refused(code, description)
    if not 200 <= answer.status <= 204:
        return OutcomeUnknown(f"status {answer.status} with {code or 'no errorCode'}")
    if not answer.whole:
        return OutcomeUnknown("the answer has no length: it may be cut")
    reference = _tracking_id(answer.body)
    if reference is None:
        return OutcomeUnknown(f"status {answer.status} without a readable tracking id")
    return Accepted(reference)


def _tracking_id(body: bytes) -> str | None:
    try:
        text = body.decode("ascii").strip()
    except UnicodeDecodeError:
        return None
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return text if _TRACKING_ID.fullmatch(text) else None
