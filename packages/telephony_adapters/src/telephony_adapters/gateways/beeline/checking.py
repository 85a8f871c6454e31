"""Holds Beeline's account against what is assumed of it (docs/beeline-assumptions.md), as far as a program can see it.

What rings a phone needs a number to call, which is one of our own; all else rings nothing, unless BA10 is false, which
is what is looked for. What a person has to compare (BA2, BA3: what the phone showed) is told, not judged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from attrs import define

from telephony_adapters.gateways.beeline.answers import judge
from telephony_adapters.gateways.beeline.call_statistics import DurationUnit, UnreadableStatistics, read_rows
from telephony_adapters.gateways.beeline.check_receiver import Heard, Receiver
from telephony_adapters.gateways.beeline.findings import (
    WINDOW,
    CheckedCall,
    Finding,
    Holds,
    SeenRow,
    by_reports,
    by_statistics,
)
from telephony_adapters.gateways.beeline.phone_numbers import NumberFormat, write_number
from telephony_adapters.gateways.beeline.requests import BeelineClient, BeelineError, RequestRefused, error_of
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Accepted

NOBODY = "no-such-subscriber"
NO_NUMBER = "no-number"
_WORDS = {"ONLINE", "OFFLINE", "BREAK"}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_AGENTS_ASKED = 20


def _silence(_text: str) -> None:
    return


@define
class AccountCheck:
    """`client` has the account's token, `wrong` another. `receiver`: where reports come to `report_url`.

    `patience` and `looks_every` in seconds: how long a call is watched, and how often. `tell` says what to do.
    """

    client: BeelineClient
    wrong: BeelineClient
    number_format: NumberFormat = NumberFormat.SEVEN
    report_url: str | None = None
    receiver: Receiver | None = None
    directory_lines: Collection[str] = ()
    patience: float = 180.0
    refused_patience: float = 30.0
    looks_every: float = 2.0
    tell: Callable[[str], None] = _silence

    async def without_a_call(self) -> list[Finding]:
        """BA5, BA8, BA10 as far as nothing needs to ring, BA14, and of BA16 what the directory says."""
        users = [str(each["userId"]) for each in await self.client.abonents() if "userId" in each]
        return [
            await self._agents(users[:_AGENTS_ASKED]),
            Finding("BA8", Holds.UNSEEN, "that no request hangs up can't be seen: ask Beeline's support"),
            await self._refusals(users),
            await self._subscribing(users),
            self._lines(users),
        ]

    async def with_a_call(self, line: str, number: PhoneNumber) -> list[Finding]:
        """What one call shows: let it be answered and hung up; another time busy, or ringing out (BA6)."""
        subscription = await self._subscribe()
        call = CheckedCall(line, number, datetime.now(UTC))
        try:
            answer = await self.client.place_call(line, write_number(number, self.number_format))
            meaning = judge(answer)
            if not isinstance(meaning, Accepted):
                how = f"answered {answer.status}, {error_of(answer.body)[0] or 'no errorCode'}"
                await self._watch(call, self.refused_patience, refused=True)
                if call.heard or call.rows:
                    return [Finding("BA10", Holds.NO, f"{how}, and the call was placed: only listed codes may refuse")]
                return [Finding("BA4", Holds.NO, f"{how}: try another format")]
            call.reference = meaning.reference
            self.tell("The request was taken: the employee's phone rings, then the other.")
            await self._watch(call, self.patience)
        finally:
            if subscription is not None:
                await self.client.unsubscribe(subscription)
        if not call.rows:
            call.stray = await self._rows(call, call.asked_at - _DAY, call.asked_at + _DAY)
        return [
            Finding("BA4", Holds.YES, f"taken as {self.number_format}"),
            *by_statistics(call, timedelta(seconds=self.looks_every)),
            *by_reports(call),
        ]

    # --- Nothing rings ----------------------------------------------------------------------------------------------

    async def _agents(self, users: list[str]) -> Finding:
        words: dict[str, int] = {}
        for user in users:
            try:
                word = (await self.client.agent_status(user)).upper()
            except RequestRefused as error:
                word = error.code or str(error.status)
            words[word] = words.get(word, 0) + 1
        seen = ", ".join(f"{word} {times}" for word, times in sorted(words.items())) or "there is no subscriber"
        return Finding("BA5", Holds.if_(bool(words) and words.keys() <= _WORDS), seen)

    async def _refusals(self, users: list[str]) -> Finding:
        user = users[0] if users else NOBODY
        probes = [
            ("a line that is none", self.client, NOBODY, write_number(PhoneNumber("+79030000000"), self.number_format)),
            ("a wrong token", self.wrong, user, NO_NUMBER),
            ("a number that is none", self.client, user, NO_NUMBER),
        ]
        seen, refused = [], True
        for what, client, line, number in probes:
            answer = await client.place_call(line, number)
            code = error_of(answer.body)[0]
            refused = refused and code is not None and 400 <= answer.status < 500
            seen.append(f"{what}: {answer.status} {code or 'no errorCode'}")
        return Finding("BA10", Holds.if_(refused), f"{'; '.join(seen)}; --call shows the rest")

    async def _subscribing(self, users: list[str]) -> Finding:
        if not users:
            return Finding("BA14", Holds.UNSEEN, "there is no subscriber")
        url = self.report_url or "https://telephony.invalid/check"
        try:
            first = await self.client.subscribe(url, _HOUR, pattern=users[0])
            second = await self.client.subscribe(url, _HOUR, pattern=users[0])
            both = first.id != second.id and await self._lives(first.id)
            for each in {first.id, second.id}:
                await self.client.unsubscribe(each)
            gone = not await self._lives(first.id)
        except BeelineError as error:
            return Finding("BA14", Holds.UNSEEN, str(error))
        how = "two ids, both alive" if both else "renewed under one id, or the first was ended"
        after = "not found once ended" if gone else "still found once ended"
        return Finding("BA14", Holds.if_(both and gone), f"{how}; {after}")

    async def _lives(self, subscription_id: str) -> bool:
        try:
            await self.client.subscription_lasts(subscription_id)
        except RequestRefused:
            return False
        return True

    def _lines(self, users: list[str]) -> Finding:
        if not self.directory_lines:
            return Finding("BA16", Holds.UNSEEN, "the directory has no lines of Beeline's")
        strange = [line for line in self.directory_lines if line not in users]
        names = f"{len(strange)} lines of the directory are no userId: {', '.join(strange[:5])}"
        return Finding("BA16", Holds.if_(not strange), names if strange else "every line of the directory is a userId")

    # --- One call ---------------------------------------------------------------------------------------------------

    async def _subscribe(self) -> str | None:
        if self.receiver is None or self.report_url is None:
            return None
        return (await self.client.subscribe(self.report_url, _HOUR)).id

    async def _watch(self, call: CheckedCall, patience: float, *, refused: bool = False) -> None:
        """Until the call is over by its report (if any can come) and its row stays; or patience ends. What was refused
        is watched until anything shows of it."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            await asyncio.sleep(self.looks_every)
            call.rows += await self._rows(call, call.asked_at - WINDOW.before, call.asked_at + WINDOW.after)
            call.heard = self._heard(call.number)
            stays = len(call.rows) > 1 and call.rows[-1].row == call.rows[-2].row
            if (refused and (call.rows or call.heard)) or (stays and (self.receiver is None or call.over_at)):
                return

    async def _rows(self, call: CheckedCall, since: datetime, until: datetime) -> list[SeenRow]:
        """The call's row, if it is there: the latest outbound one to the number."""
        raw = await self.client.statistics(call.line, since, until)
        try:
            read = read_rows(raw, DurationUnit.MILLISECONDS)
        except UnreadableStatistics:
            return []
        now = datetime.now(UTC)
        mine = [
            SeenRow(now, row, body.get("duration"))
            for row, body in zip(read, raw, strict=True)
            if row.outbound and row.called == call.number
        ]
        return [max(mine, key=lambda each: each.row.started_at)] if mine else []

    def _heard(self, number: PhoneNumber) -> list[Heard]:
        heard = self.receiver.heard if self.receiver is not None else []
        return [each for each in heard if each.report.call is not None and each.report.call.remote == number]
