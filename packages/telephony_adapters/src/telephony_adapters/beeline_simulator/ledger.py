"""The ledger: what really happened to every call request, and what each client's phone saw.

It is the judge of tests: nothing that a fault does to an answer or to a report changes it. Instants are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import define


def rfc3339(instant: datetime | None) -> str | None:
    """`2026-11-23T09:15:02.000123Z`, always with six digits of a second."""
    if instant is None:
        return None
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@define
class LedgerEntry:
    """One call request. It changes while its call lives and never afterwards.

    `tracking_id` is None where nothing was dialled (refused, or a fault that stops the request). `shown_number` is
    None until the client's phone rings, and stays so where the caller was withheld. `pool_id`, `region_codes` and
    `wrong_substitution` say how it was chosen. `answer_fault` names the fault that hit the answer.

    `outcome`: `live`, `talked`, `no_answer`, `busy`, `unreachable`, `employee_no_answer`, `employee_hung_up`,
    `transferred`, `never_rang` (accepted, but the subscriber is offline), `refused` (see `error_code`),
    `not_dialled` (stopped by a fault before the provider did anything).
    """

    user_id: str
    phone_number: str
    requested_at: datetime
    tracking_id: str | None = None
    shown_number: str | None = None
    employee_rang_at: datetime | None = None
    employee_answered_at: datetime | None = None
    client_rang_at: datetime | None = None
    answered_at: datetime | None = None
    released_at: datetime | None = None
    outcome: str = "live"
    error_code: str | None = None
    answer_fault: str | None = None
    pool_id: str | None = None
    region_codes: tuple[str, ...] = ()
    wrong_substitution: str | None = None

    def body(self) -> dict[str, object]:
        return {
            "tracking_id": self.tracking_id,
            "user_id": self.user_id,
            "phone_number": self.phone_number,
            "shown_number": self.shown_number,
            "requested_at": rfc3339(self.requested_at),
            "employee_rang_at": rfc3339(self.employee_rang_at),
            "client_rang_at": rfc3339(self.client_rang_at),
            "answered_at": rfc3339(self.answered_at),
            "released_at": rfc3339(self.released_at),
            "employee_answered_at": rfc3339(self.employee_answered_at),
            "outcome": self.outcome,
            "error_code": self.error_code,
            "answer_fault": self.answer_fault,
            "pool_id": self.pool_id,
            "region_codes": list(self.region_codes),
            "wrong_substitution": self.wrong_substitution,
        }


class Ledger:
    """All entries, oldest first. Lives as long as the simulator, or until it is cleared."""

    def __init__(self) -> None:
        self._entries: list[LedgerEntry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def write(self, entry: LedgerEntry) -> LedgerEntry:
        self._entries.append(entry)
        return entry

    def entries(self) -> list[LedgerEntry]:
        return list(self._entries)

    def body(self) -> list[dict[str, object]]:
        return [entry.body() for entry in self._entries]

    def clear(self) -> None:
        """Forgets what ended; calls that live are kept, for their phones are ringing."""
        self._entries = [entry for entry in self._entries if entry.outcome == "live"]
