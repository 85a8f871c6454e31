"""The process's clock and ids."""

from __future__ import annotations

from datetime import timedelta

from telephony_adapters.process import SystemClock, Ulids
from telephony_core.ports import Clock, IdSource
from telephony_core.testing.contracts import ClockContract, IdSourceContract
from telephony_core.testing.fakes import FakeClock


def test_ids_are_ulids() -> None:
    made = Ulids().new_id()
    assert len(made) == 26
    assert set(made) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_ids_sort_by_the_order_of_making_also_in_one_millisecond_and_when_the_clock_goes_back() -> None:
    clock = FakeClock()
    ids = Ulids(clock)
    made = [ids.new_id() for _ in range(1000)]
    clock.turn(timedelta(seconds=-5))
    made += [ids.new_id() for _ in range(10)]
    clock.turn(timedelta(seconds=60))
    made.append(ids.new_id())
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_begins_with_its_time() -> None:
    clock = FakeClock()
    first = Ulids(clock).new_id()
    clock.turn(timedelta(milliseconds=1))
    assert Ulids(clock).new_id()[:10] > first[:10]


class TestSystemClock(ClockContract):
    def make_clock(self) -> Clock:
        return SystemClock()


class TestUlids(IdSourceContract):
    def make_ids(self) -> IdSource:
        return Ulids()
