"""What the provider keeps of calls: the rows of `statistics`, and the records.

Shapes from the public client: times in milliseconds, `RECIEVED` so spelt. Assumptions of ours: `duration` is in
milliseconds (BA7) and counts from the client's answer (BA9); a call whose client leg was never tried leaves no row, for
nothing was charged; `phone_from` is left out where the client's phone did not ring or the caller was withheld.
"""

from __future__ import annotations

import io
import uuid
import wave
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen

from telephony_adapters.beeline_simulator.population import Subscriber
from telephony_adapters.beeline_simulator.portal_errors import not_found

RECORDS_PAGE = 100
STATISTICS_PAGE = 100
_SAMPLES_PER_SECOND = 8000


def abonent_body(subscriber: Subscriber) -> dict[str, str]:
    return {
        "userId": subscriber.user_id,
        "lastName": subscriber.last_name,
        "firstName": subscriber.first_name,
        "phone": subscriber.phone,
        "extension": subscriber.extension,
        "email": subscriber.email,
        "department": subscriber.department,
    }


@frozen
class StatisticsRow:
    """A call. `number_from` and `number_to` are E.164; `seconds` of talk, 0 if nobody answered.

    `grows_since`: the call lives, and its seconds count from then (BA9 off). None: it is over.
    """

    started_at: datetime
    subscriber: Subscriber
    direction: str
    status: str
    number_from: str | None
    number_to: str
    seconds: float
    grows_since: datetime | None = None

    def body(self, *, version: int, in_milliseconds: bool) -> dict[str, Any]:
        lived = self.grows_since
        seconds = self.seconds if lived is None else (datetime.now(UTC) - lived).total_seconds()
        body: dict[str, Any] = {
            "startDate": _milliseconds(self.started_at),
            "abonent": abonent_body(self.subscriber),
            "direction": self.direction,
            "status": self.status,
            "duration": _duration(seconds, in_milliseconds=in_milliseconds),
            "department": self.subscriber.department,
        }
        if version == 1:
            client = self.number_to if self.direction == "OUTBOUND" else self.number_from
            return body | {"phone": _digits(client or "")}
        if self.number_from is not None:
            body["phone_from"] = _digits(self.number_from)
        return body | {"phone_to": _digits(self.number_to)}


@frozen
class Record:
    """A recorded talk; its sound is a valid WAV of a tenth of a second of silence."""

    id: int
    external_id: str
    subscriber: Subscriber
    number: str
    direction: str
    at: datetime
    seconds: float
    sound: bytes = field(repr=False)
    key: str = field(repr=False)

    def body(self, *, in_milliseconds: bool) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "externalId": self.external_id,
            "phone": _digits(self.number),
            "direction": self.direction,
            "date": _milliseconds(self.at),
            "duration": _duration(self.seconds, in_milliseconds=in_milliseconds),
            "fileSize": len(self.sound),
            "abonent": abonent_body(self.subscriber),
        }


class History:
    """Rows and records. Lives as long as the simulator."""

    def __init__(self) -> None:
        self._rows: list[StatisticsRow] = []
        self._records: list[Record] = []
        self._last_record = 700_000_000

    def add_row(self, row: StatisticsRow) -> None:
        self._rows.append(row)

    def drop_row(self, row: StatisticsRow) -> None:
        self._rows.remove(row)

    def rows(
        self, user_ids: frozenset[str] | None, since: datetime | None, until: datetime | None, page: int, page_size: int
    ) -> list[StatisticsRow]:
        """One page (from 0) of the rows, newest first; an empty one after the last."""
        found = [
            row
            for row in self._rows
            if (user_ids is None or row.subscriber.user_id in user_ids) and _within(row.started_at, since, until)
        ]
        found.sort(key=lambda row: row.started_at, reverse=True)
        return found[page * page_size : (page + 1) * page_size]

    def add_record(
        self, external_id: str, subscriber: Subscriber, number: str, direction: str, at: datetime, seconds: float
    ) -> None:
        self._last_record += 1
        record = Record(
            self._last_record, external_id, subscriber, number, direction, at, seconds, _silence(), uuid.uuid4().hex
        )
        self._records.append(record)

    def records(
        self, after_id: int | None, user_ids: frozenset[str] | None, since: datetime | None, until: datetime | None
    ) -> list[Record]:
        """At most 100 records, oldest first; the next ones are those after the last one's id."""
        found = [
            record
            for record in self._records
            if (after_id is None or record.id > after_id)
            and (user_ids is None or record.subscriber.user_id in user_ids)
            and _within(record.at, since, until)
        ]
        return found[:RECORDS_PAGE]

    def record(self, record_id: str) -> Record:
        return self._first(lambda record: str(record.id) == record_id)

    def record_of(self, external_id: str, user_id: str) -> Record:
        return self._first(lambda record: (record.external_id, record.subscriber.user_id) == (external_id, user_id))

    def record_by_key(self, key: str) -> Record:
        return self._first(lambda record: record.key == key)

    def delete_record(self, record_id: str) -> None:
        self._records.remove(self.record(record_id))

    def _first(self, matches: Any) -> Record:
        for record in self._records:
            if matches(record):
                return record
        raise not_found("Record")


def _within(instant: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or instant >= since) and (until is None or instant <= until)


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _duration(seconds: float, *, in_milliseconds: bool) -> int:
    return round(seconds * 1000) if in_milliseconds else round(seconds)


def _digits(number: str) -> str:
    return number.removeprefix("+")


def _silence() -> bytes:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(_SAMPLES_PER_SECOND)
        file.writeframes(b"\x80" * (_SAMPLES_PER_SECOND // 10))
    return sound.getvalue()
