"""The carousel's memory, its changes by several at once, and turns of numbers that move."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from attrs import evolve
from sqlalchemy import event, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.engine import open_store
from telephony_adapters.store.tables import carousel_pools, carousel_regions
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.carousel import Carousel, ChosenBy, NumberUse
from telephony_core.errors import CarouselConflict, StoreUnavailable
from telephony_core.ports import ConcurrentChange, Store
from telephony_core.testing.examples import NOW, PROVIDER, a_carousel, a_generation, a_number, a_pool

SIBERIA = a_pool("siberia")
URALS = a_pool("urals", first=100, is_default=False, region_codes=("RU-SVE",), chain=("siberia",))


async def put(store: Store, carousel: Carousel) -> None:
    async with store.write() as uow:
        await uow.carousel.store(carousel)
        await uow.commit()


async def seen(store: Store) -> Carousel:
    async with store.read() as uow:
        return await uow.carousel.load()


async def test_a_change_is_seen_by_every_process_at_once(engine: AsyncEngine) -> None:
    """What a store remembers of the carousel is as old as its last change, whoever made it."""
    here, there = SqlStore(engine), SqlStore(engine)
    for carousel in (a_carousel(SIBERIA), a_carousel(SIBERIA, URALS), a_carousel(URALS, SIBERIA), a_carousel(SIBERIA)):
        await put(here, carousel)
        assert await seen(there) == carousel
        assert await seen(here) == carousel


async def test_an_unchanged_carousel_costs_one_statement(engine: AsyncEngine) -> None:
    store = SqlStore(engine)
    await put(store, a_carousel(SIBERIA, URALS))
    await seen(store)
    statements: list[str] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    await seen(store)
    assert len([each for each in statements if each.startswith("SELECT")]) == 1


async def _lock_or_wait(store: Store, choosing: Store) -> None:
    """One chooses, and the other is refused while it waits for the pools that are locked."""

    async def choose(by: Store) -> Carousel:
        async with by.write() as uow:
            return await uow.carousel.load(choosing_for=PROVIDER)

    async with choosing.write() as uow:
        assert (await uow.carousel.load(choosing_for=PROVIDER)).pools[0].chosen_by is ChosenBy.US
        with pytest.raises(StoreUnavailable):
            await choose(store)
    assert (await choose(store)).pools[0].chosen_by is ChosenBy.US


@pytest.mark.parametrize("remembers", [True, False])
async def test_pools_are_locked_though_this_process_remembers_that_nobody_chooses(
    url: str, engine: AsyncEngine, remembers: bool
) -> None:
    """C7, C9: another process handed the pool to us since; whoever chooses holds its lock, whatever it remembered."""
    impatient = open_store(url, wait_seconds=0.3)
    here, there, third = SqlStore(engine), SqlStore(engine), SqlStore(impatient)
    await put(there, a_carousel(evolve(SIBERIA, chosen_by=ChosenBy.PROVIDER)))
    if remembers:
        await seen(here)
        await seen(third)
    await put(there, a_carousel(SIBERIA))
    try:
        await _lock_or_wait(third, here)
        await _lock_or_wait(third, there)
    finally:
        await impatient.dispose()


async def test_a_change_that_was_rolled_back_is_remembered_by_nobody(engine: AsyncEngine) -> None:
    store = SqlStore(engine)
    await put(store, a_carousel(SIBERIA))
    async with store.write() as uow:
        await uow.carousel.store(a_carousel(SIBERIA, URALS))
        assert await uow.carousel.load() == a_carousel(SIBERIA, URALS), "its own unit sees it"
    assert await seen(store) == a_carousel(SIBERIA)
    await put(store, a_carousel(evolve(SIBERIA, title="another of the same revision")))
    assert (await seen(store)).pools[0].title == "another of the same revision"


async def test_of_two_changes_from_one_carousel_one_wins(engine: AsyncEngine) -> None:
    """Nobody overwrites what he hasn't seen."""
    store = SqlStore(engine)
    await put(store, a_carousel(SIBERIA))
    both_read = asyncio.Barrier(2)

    async def retitle(title: str) -> bool:
        async with store.write() as uow:
            carousel = await uow.carousel.load()
            if engine.dialect.name == "postgresql":  # on SQLite the second doesn't begin before the first has ended
                await both_read.wait()
            await uow.carousel.store(a_carousel(evolve(carousel.pools[0], title=title)))
            await uow.commit()
            return True

    results = await asyncio.gather(retitle("a"), retitle("b"), return_exceptions=True)
    if engine.dialect.name == "postgresql":
        assert sorted(map(str, map(type, results))) == sorted([str(bool), str(ConcurrentChange)])
    else:
        assert list(results) == [True, True]


async def test_a_carousel_out_of_order_is_refused_by_the_tables_too(engine: AsyncEngine) -> None:
    """C0: by the core's check first; a region and the default of a provider by unique indexes besides."""
    store = SqlStore(engine)
    with pytest.raises(CarouselConflict) as refusal:
        await put(store, a_carousel(URALS, evolve(SIBERIA, id="second"), SIBERIA))
    assert {"second_default_pool", "region_served_twice"} <= {each["fault"] for each in refusal.value.reasons["faults"]}  # type: ignore[attr-defined]
    assert await seen(store) == Carousel()
    await put(store, a_carousel(SIBERIA, URALS))
    for breach in (
        update(carousel_pools).values(is_default=True),
        insert(carousel_regions).values(provider=PROVIDER, code="RU-NVS", pool_id="urals"),
    ):
        async with engine.connect() as connection:
            with pytest.raises(IntegrityError):
                await connection.execute(breach)


async def test_the_default_may_pass_from_pool_to_pool(engine: AsyncEngine) -> None:
    store = SqlStore(engine)
    await put(store, a_carousel(SIBERIA, URALS))
    swapped = a_carousel(evolve(SIBERIA, is_default=False, region_codes=()), evolve(URALS, is_default=True, chain=()))
    await put(store, swapped)
    assert await seen(store) == swapped


async def test_a_number_that_moved_to_another_pool_is_new_there(engine: AsyncEngine) -> None:
    """C7: a turn is a place in one pool's count; the picks it has behind it stay counted."""
    store = SqlStore(engine)
    moving = a_number(3)
    await put(store, a_carousel(SIBERIA, URALS))
    async with store.write() as uow:
        for _ in range(40):
            await uow.carousel.take_turn("siberia", moving)
        await uow.commit()
    newer = a_generation(pool_id="siberia", first=200, age=timedelta(days=1))
    arriving = a_generation(1, pool_id="urals", first=3, age=timedelta(days=1))
    carousel = a_carousel(
        evolve(SIBERIA, generations=(*SIBERIA.generations, newer)),
        evolve(URALS, generations=(*URALS.generations, arriving)),
    )
    await put(store, carousel)
    async with store.write() as uow:
        assert (await uow.carousel.uses(PROVIDER, NOW))[moving] == NumberUse(picks=40)
        await uow.carousel.take_turn("urals", moving)
        assert (await uow.carousel.uses(PROVIDER, NOW))[moving] == NumberUse(picks=41, turn=1)


async def test_a_pool_that_is_taken_out_and_put_back_goes_on_counting(engine: AsyncEngine) -> None:
    """Uses stay."""
    store = SqlStore(engine)
    await put(store, a_carousel(SIBERIA))
    async with store.write() as uow:
        await uow.carousel.take_turn("siberia", a_number(1))
        await uow.commit()
    await put(store, Carousel())
    await put(store, a_carousel(SIBERIA))
    async with store.write() as uow:
        await uow.carousel.take_turn("siberia", a_number(2))
        uses = await uow.carousel.uses(PROVIDER, NOW)
    assert (uses[a_number(1)].turn, uses[a_number(2)].turn) == (1, 2)
