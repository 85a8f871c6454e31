"""The keeper of the subscription, driven by a turned clock against Beeline's book of subscriptions."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import respx
from attrs import define, field
from tests.adapters.gateways.beeline_kit import PORTAL, a_client
from tests.adapters.gateways.xsi_samples import an_event

from telephony_adapters.gateways.beeline import BeelineClient, Subscriptions, parse_report
from telephony_adapters.gateways.beeline.xsi import BeelineReport
from telephony_core.errors import StoreUnavailable
from telephony_core.testing.examples import NOW
from telephony_core.testing.fakes import FakeClock

URL = "https://bms.example/api/v1/provider-reports/beeline/s3cret"


@define
class Book:
    """Beeline's subscriptions: id -> end. `trouble` is answered instead, as often as it holds answers."""

    clock: FakeClock
    live: dict[str, datetime] = field(factory=dict)
    asked: list[str] = field(factory=list)
    wanted: list[dict[str, Any]] = field(factory=list)
    trouble: list[tuple[int, str] | Exception] = field(factory=list)
    grants: int | None = None
    renews_in_place: bool = False

    def answer(self, request: httpx2.Request) -> Any:
        self.asked.append(request.method)
        if self.trouble:
            trouble = self.trouble.pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            return httpx2.Response(trouble[0], text=trouble[1])
        now = self.clock.now()
        self.live = {name: end for name, end in self.live.items() if end > now}
        if request.method == "PUT":
            body = json.loads(request.content)
            self.wanted.append(body)
            name = f"subscription-{1 if self.renews_in_place else len(self.wanted)}"
            seconds = self.grants or body["expires"]
            self.live[name] = now + timedelta(seconds=seconds)
            return httpx2.Response(200, json={"subscriptionId": name, "expires": seconds})
        name = request.url.params["subscriptionId"]
        if name not in self.live:
            return httpx2.Response(404, json={"errorCode": "SubscriptionNotFound", "description": "not found"})
        if request.method == "DELETE":
            del self.live[name]
            return httpx2.Response(200, text="")
        left = (self.live[name] - now).total_seconds()
        return httpx2.Response(200, json={"subscriptionId": name, "expires": round(left), "url": URL})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def book(clock: FakeClock, respx_mock: respx.MockRouter) -> Book:
    book = Book(clock)
    respx_mock.route(url__regex=rf"{re.escape(PORTAL)}subscription.*").mock(side_effect=book.answer)
    return book


@pytest.fixture
async def client() -> AsyncIterator[BeelineClient]:
    async with a_client() as client:
        yield client


@pytest.fixture
def keeper(client: BeelineClient) -> Subscriptions:
    return Subscriptions(client, URL)


async def drive(keeper: Subscriptions, clock: FakeClock, until: timedelta) -> None:
    """As a worker's loop does it."""
    end = clock.now() + until
    while clock.now() < end:
        pause = await keeper.keep(clock.now())
        assert 0 < pause <= 3600
        clock.turn(timedelta(seconds=pause))


async def test_it_subscribes_for_the_whole_company(keeper: Subscriptions, book: Book, clock: FakeClock) -> None:
    await keeper.keep(clock.now())
    assert book.wanted == [{"expires": 3600, "subscriptionType": "ADVANCED_CALL", "url": URL}]
    assert keeper.subscription_id == "subscription-1"


async def test_there_is_a_subscription_at_every_instant_of_a_day(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    while clock.now() < NOW + timedelta(days=1):
        await drive(keeper, clock, timedelta(seconds=1))
        assert any(end > clock.now() for end in book.live.values())
        assert keeper.subscription_id in book.live
    assert 24 <= len(book.wanted) <= 30
    assert len(book.live) <= 2


async def test_a_renewed_one_is_given_up_later_than_the_new_one_is_made(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    """What waits in its queue is still pushed."""
    await drive(keeper, clock, timedelta(seconds=3000))
    await keeper.keep(clock.now())
    assert set(book.live) == {"subscription-1", "subscription-2"}
    await keeper.keep(clock.turn(timedelta(seconds=59)))
    assert set(book.live) == {"subscription-1", "subscription-2"}
    await drive(keeper, clock, timedelta(seconds=120))
    assert set(book.live) == {"subscription-2"}


async def test_one_that_is_renewed_in_place_is_not_given_up(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    """BA14, if it is false and the answer says so by its id."""
    book.renews_in_place = True
    while clock.now() < NOW + timedelta(hours=3):
        await drive(keeper, clock, timedelta(seconds=1))
        assert list(book.live) == ["subscription-1"]
    assert "DELETE" not in book.asked


async def test_a_shorter_life_than_asked_for_is_kept_as_well(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    book.grants = 2400
    for _ in range(100):
        await drive(keeper, clock, timedelta(minutes=1))
        assert any(end > clock.now() for end in book.live.values())


async def test_its_end_by_beelines_word_makes_another_at_once(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    await keeper.keep(clock.now())
    ended = parse_report(an_event("SubscriptionTerminatedEvent", "", subscription_id="subscription-1"))
    keeper.heard(ended, clock.now())
    assert keeper.subscription_id is None
    await keeper.keep(clock.turn(timedelta(seconds=1)))
    assert keeper.subscription_id == "subscription-2"


async def test_the_end_of_another_subscription_is_none_of_its_business(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    await keeper.keep(clock.now())
    keeper.heard(parse_report(an_event("SubscriptionTerminatedEvent", "", subscription_id="other")), clock.now())
    await keeper.keep(clock.turn(timedelta(seconds=1)))
    assert keeper.subscription_id == "subscription-1"


async def test_an_end_without_a_word_is_noticed(keeper: Subscriptions, book: Book, clock: FakeClock) -> None:
    await keeper.keep(clock.now())
    book.live.clear()
    await drive(keeper, clock, timedelta(seconds=240))
    assert keeper.subscription_id == "subscription-2"
    assert list(book.live) == ["subscription-2"]


async def test_called_more_often_than_it_wants_it_asks_no_more(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    await keeper.keep(clock.now())
    for _ in range(119):
        assert 0 < await keeper.keep(clock.turn(timedelta(seconds=1))) <= 120
    assert book.asked == ["PUT"]


@pytest.mark.parametrize(
    "trouble",
    [
        (500, "<html>"),
        (401, '{"errorCode": "Unauthorized"}'),
        (200, "{}"),
        (200, "not JSON"),
        (200, '{"subscriptionId": 5}'),
        httpx2.ConnectError("x"),
        httpx2.ReadTimeout("x"),
        httpx2.ReadError("x"),
    ],
    ids=repr,
)
async def test_trouble_is_waited_out_with_growing_pauses(
    keeper: Subscriptions, book: Book, clock: FakeClock, trouble: Any, caplog: pytest.LogCaptureFixture
) -> None:
    book.trouble = [trouble] * 8
    pauses = []
    while keeper.subscription_id is None:
        pauses.append(await keeper.keep(clock.now()))
        clock.turn(timedelta(seconds=pauses[-1]))
    assert pauses[:-1] == [2, 4, 8, 16, 32, 60, 60, 60]
    assert "s3cret" not in caplog.text


async def test_a_failed_renewal_keeps_what_lives(keeper: Subscriptions, book: Book, clock: FakeClock) -> None:
    await drive(keeper, clock, timedelta(seconds=2990))
    book.trouble = [(500, "")] * 5
    await drive(keeper, clock, timedelta(seconds=30))
    assert keeper.subscription_id == "subscription-1"
    await drive(keeper, clock, timedelta(seconds=120))
    assert keeper.subscription_id == "subscription-2"


async def test_an_old_one_that_can_not_be_given_up_runs_out(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    await drive(keeper, clock, timedelta(seconds=3001))
    book.live.pop("subscription-1")
    assert await keeper.keep(clock.turn(timedelta(seconds=120))) > 0
    assert keeper.subscription_id == "subscription-2"


async def test_a_clock_that_was_put_back_stops_nothing(keeper: Subscriptions, book: Book, clock: FakeClock) -> None:
    await keeper.keep(clock.now())
    clock.turn(timedelta(days=-1))
    await keeper.keep(clock.now())
    assert book.asked == ["PUT", "GET"]


async def test_end_gives_up_all(keeper: Subscriptions, book: Book, clock: FakeClock) -> None:
    await drive(keeper, clock, timedelta(seconds=3001))
    await keeper.end()
    assert book.live == {}
    assert keeper.subscription_id is None
    book.trouble = [(500, "")]
    await keeper.end()


# --- After a restart, and where several processes share an address ---------------------------------------------------


@define
class Notes:
    """A memory that may be away."""

    kept: dict[str, str] = field(factory=dict)
    away: bool = False

    async def get(self, key: str) -> str | None:
        self._ask()
        return self.kept.get(key)

    async def put(self, key: str, value: str) -> None:
        self._ask()
        self.kept[key] = value

    def _ask(self) -> None:
        if self.away:
            raise StoreUnavailable


@pytest.fixture
def notes() -> Notes:
    return Notes()


def an_event_of(subscription_id: str) -> BeelineReport:
    return parse_report(an_event(subscription_id=subscription_id))


async def test_the_next_process_takes_the_subscription_over(
    client: BeelineClient, book: Book, clock: FakeClock, notes: Notes
) -> None:
    await Subscriptions(client, URL, memory=notes).keep(clock.now())
    clock.turn(timedelta(minutes=5))
    follower = Subscriptions(client, URL, memory=notes)
    await drive(follower, clock, timedelta(minutes=4))
    assert follower.subscription_id == "subscription-1"
    assert len(book.wanted) == 1
    while clock.now() < NOW + timedelta(hours=3):
        await drive(follower, clock, timedelta(seconds=10))
        assert any(end > clock.now() for end in book.live.values())
    assert len(book.live) <= 2


async def test_one_that_has_ended_meanwhile_is_made_anew(
    client: BeelineClient, book: Book, clock: FakeClock, notes: Notes
) -> None:
    await Subscriptions(client, URL, memory=notes).keep(clock.now())
    clock.turn(timedelta(hours=2))
    follower = Subscriptions(client, URL, memory=notes)
    await follower.keep(clock.now())
    assert follower.subscription_id == "subscription-2"
    assert list(book.live) == ["subscription-2"]


async def test_an_old_one_that_nobody_remembers_is_ended_when_it_reports(
    client: BeelineClient, book: Book, clock: FakeClock, notes: Notes
) -> None:
    """A process that died between making it and remembering it leaves such a one."""
    await Subscriptions(client, URL).keep(clock.now())
    keeper = Subscriptions(client, URL, memory=notes)
    await keeper.keep(clock.now())
    assert set(book.live) == {"subscription-1", "subscription-2"}
    keeper.heard(an_event_of("subscription-1"), clock.now())
    await drive(keeper, clock, timedelta(seconds=59))
    assert set(book.live) == {"subscription-1", "subscription-2"}
    await drive(keeper, clock, timedelta(seconds=10))
    assert set(book.live) == {"subscription-2"}


async def test_strangers_are_looked_into_some_at_a_time(
    client: BeelineClient, book: Book, clock: FakeClock, notes: Notes
) -> None:
    """Whoever invents subscriptions fills no memory, and causes no more requests than these."""
    keeper = Subscriptions(client, URL, memory=notes)
    await keeper.keep(clock.now())
    for n in range(1000):
        keeper.heard(an_event_of(f"invented-{n}"), clock.now())
    await drive(keeper, clock, timedelta(seconds=100))
    assert book.asked.count("DELETE") == 20


async def test_processes_of_one_address_come_to_share_one(
    client: BeelineClient, book: Book, clock: FakeClock, notes: Notes
) -> None:
    keepers = [Subscriptions(client, URL, memory=notes) for _ in range(3)]
    while clock.now() < NOW + timedelta(hours=5):
        for keeper in keepers:
            await keeper.keep(clock.now())
        for name in book.live:
            for keeper in keepers:
                keeper.heard(an_event_of(name), clock.now())
        clock.turn(timedelta(seconds=7))
        assert any(end > clock.now() for end in book.live.values())
        assert len(book.live) <= 2
    assert len(book.wanted) <= 7


async def test_a_memory_that_is_away_holds_nothing_up(
    client: BeelineClient, book: Book, clock: FakeClock, notes: Notes
) -> None:
    notes.away = True
    keeper = Subscriptions(client, URL, memory=notes)
    await drive(keeper, clock, timedelta(hours=2))
    assert keeper.subscription_id in book.live


async def test_calls_of_which_nothing_is_heard_make_another(
    keeper: Subscriptions, book: Book, clock: FakeClock
) -> None:
    """It lives by Beeline's word, and reports don't come."""
    await keeper.keep(clock.now())
    for _ in range(3):
        keeper.taken(clock.turn(timedelta(seconds=10)))
    assert keeper.silent
    await drive(keeper, clock, timedelta(seconds=300))
    assert len(book.wanted) >= 2
    keeper.heard(parse_report(an_event()), clock.now())
    assert not keeper.silent
    made = len(book.wanted)
    await drive(keeper, clock, timedelta(seconds=600))
    assert len(book.wanted) == made


async def test_one_phone_that_is_off_is_no_silence(keeper: Subscriptions, book: Book, clock: FakeClock) -> None:
    await keeper.keep(clock.now())
    keeper.taken(clock.now())
    keeper.taken(clock.now())
    await drive(keeper, clock, timedelta(minutes=10))
    assert len(book.wanted) == 1
