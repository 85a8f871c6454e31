"""The carousel over HTTP: seen, set, refreshed, benched and judged; by whom, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import evolve
from tests.http.office import ADMIN, ANNA, MANAGER, VERA, Callers, Office, the_carousel

from telephony_core.caller_id import Verdict
from telephony_core.carousel import Carousel, ChosenBy
from telephony_core.phone import PhoneNumber
from telephony_core.testing.fakes import OneStepGateway

FIRST = "79030000000"
NEW = ["+79031112201", "8 (903) 111-22-02"]
LATER = "2026-12-01T00:00:00Z"

READS = ["/carousel/pools", "/carousel/pools/siberia", "/carousel/conformance"]


@pytest.fixture
async def choosing(office: Office) -> AsyncIterator[Callers]:
    """The same carousel at a provider that lets us choose."""
    pools = tuple(evolve(pool, chosen_by=ChosenBy.US, version=1) for pool in the_carousel().pools)
    async with office.store.write() as uow:
        await uow.carousel.store(Carousel(pools))
        await uow.commit()
    async with office.open() as callers:
        yield callers


async def _pool(callers: Callers, pool_id: str = "siberia") -> dict[str, Any]:
    answer = await callers.get(f"/carousel/pools/{pool_id}", as_=MANAGER)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _as_asked(pool: dict[str, Any], **changes: Any) -> dict[str, Any]:
    names = "title provider chosen_by regions default order chain when_exhausted limits declaration_required".split()
    return {**{name: pool[name] for name in names}, **changes}


async def _put(callers: Callers, pool: dict[str, Any], **changes: Any) -> Any:
    headers = {"If-Match": f'"{pool["version"]}"'}
    return await callers.put(f"/carousel/pools/{pool['id']}", _as_asked(pool, **changes), as_=MANAGER, headers=headers)


# --- Who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", READS)
async def test_only_who_looks_after_the_carousel_reads_it(callers: Callers, path: str) -> None:
    for token in (MANAGER, ADMIN):
        assert (await callers.get(path, as_=token)).status_code == 200
    for token in (ANNA, VERA):
        answer = await callers.get(path, as_=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
        assert answer.json()["permission"] == "manage_carousel"
    assert (await callers.get(path, as_=None)).status_code == 401


async def test_only_who_looks_after_the_carousel_changes_it(callers: Callers) -> None:
    pool = await _pool(callers)
    number = f"/carousel/numbers/{FIRST}"
    answers = [
        await callers.put(
            "/carousel/pools/siberia", _as_asked(pool), as_=ANNA, headers={"If-Match": f'"{pool["version"]}"'}
        ),
        await callers.post("/carousel/pools/siberia/generations", {"numbers": NEW}, as_=ANNA),
        await callers.delete("/carousel/pools/siberia/generations/siberia-0", as_=ANNA),
        await callers.put(f"{number}/quarantine", {"reason": "spam"}, as_=ANNA),
        await callers.delete(f"{number}/quarantine", as_=ANNA),
        await callers.put(f"{number}/declaration", {}, as_=ANNA),
    ]
    assert [(each.status_code, each.json()["code"]) for each in answers] == [(403, "not_permitted")] * 6
    assert await _pool(callers) == pool


# --- Seen -----------------------------------------------------------------------------------------------------------


async def test_pools_come_with_their_settings_generations_and_numbers(callers: Callers) -> None:
    answer = await callers.get("/carousel/pools", as_=MANAGER)
    siberia, moscow = answer.json()["items"]
    assert (siberia["id"], siberia["regions"], siberia["default"]) == ("siberia", ["RU-NVS", "RU-TOM"], False)
    assert (moscow["id"], moscow["default"], moscow["effect"]) == ("moscow", True, "recorded_only")
    (generation,) = siberia["generations"]
    assert (generation["in_force"], generation["days"], len(generation["numbers"])) == (True, 30, 10)
    assert generation["numbers"][0]["number"] == f"+{FIRST}"
    assert generation["observed_at"] is None


async def test_a_call_wears_the_pools_numbers(choosing: Callers) -> None:
    call = (await choosing.place()).json()
    requested = call["attempts"][0]["decision"]["requested"]
    numbers = (await _pool(choosing))["generations"][0]["numbers"]
    assert {each["number"]: each["picks"] for each in numbers}[requested] == 1


# --- Set ------------------------------------------------------------------------------------------------------------


async def test_a_pool_is_set_by_the_version_that_was_read(callers: Callers) -> None:
    read = await callers.get("/carousel/pools/siberia", as_=MANAGER)
    pool = read.json()
    etag = read.headers["ETag"]
    assert etag == f'"{pool["version"]}"'
    answer = await _put(callers, pool, title="Siberia and Altai", regions=["RU-NVS", "RU-ALT"])
    assert answer.status_code == 200, answer.text
    assert (answer.json()["title"], answer.json()["regions"]) == ("Siberia and Altai", ["RU-ALT", "RU-NVS"])
    assert answer.headers["ETag"] == f'"{pool["version"] + 1}"'
    assert len(answer.json()["generations"]) == 1
    again = await _put(callers, pool, title="another")
    assert (again.status_code, again.json()["code"]) == (412, "stale_version")
    assert again.json()["version"] == pool["version"] + 1
    assert (await _pool(callers))["title"] == "Siberia and Altai"


async def test_where_the_provider_chooses_a_change_is_recorded_and_asked_for(callers: Callers) -> None:
    """C11: `recorded_only`, with what to ask of the provider."""
    answer = await _put(callers, await _pool(callers), regions=["RU-NVS"], limits={"per_day": 40})
    asked = {each["wish"]: each for each in answer.json()["ask_provider"]}
    assert answer.json()["effect"] == "recorded_only"
    assert asked["serve_regions"]["codes"] == ["RU-NVS"]
    assert asked["keep_limits"]["limits"] == {"per_day": 40}
    assert "RU-NVS" in asked["serve_regions"]["text_ru"]
    assert asked["serve_regions"]["text_en"].startswith("Ask the provider")


async def test_where_we_choose_a_change_is_in_force(choosing: Callers) -> None:
    answer = await _put(
        choosing, await _pool(choosing), limits={"per_day": 40, "rest_seconds": 60, "warm_up": [10, 20]}
    )
    assert (answer.status_code, answer.json()["effect"], answer.json()["ask_provider"]) == (200, "applied", [])
    assert answer.json()["limits"] == {"per_day": 40, "rest_seconds": 60, "warm_up": [10, 20]}


async def test_a_new_pool_is_put_with_if_none_match(callers: Callers) -> None:
    asked = {"provider": "beeline", "chosen_by": "provider", "regions": ["RU-SVE"], "chain": ["siberia"], "order": 3}
    new = {"If-None-Match": "*"}
    made = await callers.put("/carousel/pools/ural", asked, as_=MANAGER, headers=new)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert made.json()["generations"] == []
    again = await callers.put("/carousel/pools/ural", asked, as_=MANAGER, headers=new)
    assert (again.status_code, again.json()["code"]) == (412, "stale_version")
    unknown = await callers.put("/carousel/pools/volga", asked, as_=MANAGER, headers={"If-Match": '"1"'})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "pool_not_found")


@pytest.mark.parametrize(
    "headers", [{}, {"If-Match": "*"}, {"If-Match": "3"}, {"If-Match": '"1", "2"'}, {"If-None-Match": '"1"'}]
)
async def test_without_the_version_that_was_read_nothing_is_set(callers: Callers, headers: dict[str, str]) -> None:
    asked = _as_asked(await _pool(callers), title="another")
    answer = await callers.put("/carousel/pools/siberia", asked, as_=MANAGER, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == next(iter(headers), "If-Match")


async def test_a_weak_etag_of_a_compressing_proxy_is_taken(callers: Callers) -> None:
    pool = await _pool(callers)
    headers = {"If-Match": f'W/"{pool["version"]}"'}
    assert (await callers.put("/carousel/pools/siberia", _as_asked(pool), as_=MANAGER, headers=headers)).is_success


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"regions": ["RU-MOW"]}, "region_served_twice"),
        ({"default": True}, "second_default_pool"),
        ({"chain": ["nowhere"]}, "chain_to_unknown_pool"),
        ({"chain": ["siberia"]}, "chain_has_a_cycle"),
    ],
)
async def test_what_would_break_the_carousel_is_refused_with_its_faults(
    callers: Callers, changes: dict[str, Any], fault: str
) -> None:
    """C0."""
    pool = await _pool(callers)
    answer = await _put(callers, pool, **changes)
    assert (answer.status_code, answer.json()["code"]) == (409, "carousel_conflict")
    assert fault in {each["fault"] for each in answer.json()["faults"]}
    assert (await _pool(callers))["version"] == pool["version"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"regions": ["Novosibirsk"]}, "regions[0]"),
        ({"chosen_by": "nobody"}, "chosen_by"),
        ({"limits": {"per_day": 0}}, "limits.per_day"),
        ({"limits": {"rest_seconds": -1}}, "limits.rest_seconds"),
        ({"default": "yes"}, "default"),
        ({"version": 3}, "version"),
    ],
)
async def test_a_pool_that_makes_no_sense_is_refused_by_its_field(
    callers: Callers, changes: dict[str, Any], field: str
) -> None:
    answer = await _put(callers, await _pool(callers), **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == field


# --- Refreshed --------------------------------------------------------------------------------------------------------


async def test_a_generation_is_scheduled_and_called_off(callers: Callers) -> None:
    made = await callers.post(
        "/carousel/pools/siberia/generations", {"numbers": NEW, "activates_at": LATER}, as_=MANAGER
    )
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["pool_id"], body["activates_at"], body["effect"]) == ("siberia", LATER, "recorded_only")
    assert [each["number"] for each in body["numbers"]] == ["+79031112201", "+79031112202"]
    assert body["ask_provider"][0]["wish"] == "replace_numbers"
    path = f"/carousel/pools/siberia/generations/{body['id']}"
    off = await callers.delete(path, as_=MANAGER)
    assert (off.status_code, off.json()["id"], off.json()["effect"]) == (200, body["id"], "recorded_only")
    gone = await callers.delete(path, as_=MANAGER)
    assert (gone.status_code, gone.json()["code"]) == (404, "pool_not_found")


async def test_without_an_instant_a_generation_is_in_force_at_once(choosing: Callers) -> None:
    """C9: the next decision is of the new numbers."""
    made = await choosing.post("/carousel/pools/siberia/generations", {"numbers": NEW, "id": "winter"}, as_=MANAGER)
    assert (made.json()["id"], made.json()["effect"]) == ("winter", "applied")
    decision = (await choosing.place()).json()["attempts"][0]["decision"]
    assert decision["generation_id"] == "winter"
    began = await choosing.delete("/carousel/pools/siberia/generations/winter", as_=MANAGER)
    assert (began.status_code, began.json()["code"]) == (409, "carousel_conflict")
    assert began.json()["faults"] == [{"pool": "siberia", "fault": "generation_began", "about": "winter"}]


async def test_a_number_that_another_pool_shows_is_refused(callers: Callers) -> None:
    """C0: active in at most one generation of all."""
    body = {"numbers": ["+79030000100"], "activates_at": LATER}
    answer = await callers.post("/carousel/pools/siberia/generations", body, as_=MANAGER)
    assert (answer.status_code, answer.json()["code"]) == (409, "carousel_conflict")
    assert answer.json()["faults"][0]["fault"] == "number_active_twice"


async def test_every_number_that_no_pool_can_hold_is_named(callers: Callers) -> None:
    numbers = [*NEW, "ask the secretary", "+73832123456", "+12025550123"]
    answer = await callers.post("/carousel/pools/siberia/generations", {"numbers": numbers}, as_=MANAGER)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert [each["field"] for each in answer.json()["errors"]] == ["numbers[2]", "numbers[3]", "numbers[4]"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"numbers": []},
        {"numbers": NEW, "activates_at": "tomorrow"},
        {"numbers": NEW, "activates_at": "2020-01-01T00:00:00Z"},
    ],
)
async def test_a_generation_that_makes_no_sense_is_refused(callers: Callers, body: dict[str, Any]) -> None:
    answer = await callers.post("/carousel/pools/siberia/generations", body, as_=MANAGER)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text
    assert answer.json()["errors"][0]["field"] in ("numbers", "activates_at")


async def test_a_pool_that_is_not_there_can_not_be_refreshed(callers: Callers) -> None:
    answer = await callers.post("/carousel/pools/nowhere/generations", {"numbers": NEW}, as_=MANAGER)
    assert (answer.status_code, answer.json()["code"]) == (404, "pool_not_found")


# --- Single numbers ---------------------------------------------------------------------------------------------------


async def test_a_number_goes_to_the_bench_and_comes_back(choosing: Callers) -> None:
    """C3: on the bench it is not shown."""
    benched = await choosing.put(f"/carousel/numbers/{FIRST}/quarantine", {"reason": "marked as spam"}, as_=MANAGER)
    body = benched.json()
    assert (benched.status_code, body["number"], body["effect"]) == (200, f"+{FIRST}", "applied")
    assert (body["quarantine"]["reason"], body["quarantine"]["by"]) == ("marked as spam", "t-7")
    assert (await _pool(choosing))["generations"][0]["numbers"][0]["reason"] == "quarantined"
    back = await choosing.delete(f"/carousel/numbers/+{FIRST}/quarantine", as_=MANAGER)
    assert (back.status_code, back.json()["quarantine"]) == (200, None)
    assert (await _pool(choosing))["generations"][0]["numbers"][0]["reason"] is None


async def test_where_the_provider_chooses_the_bench_is_a_wish(callers: Callers) -> None:
    """C11."""
    body = (await callers.put(f"/carousel/numbers/{FIRST}/quarantine", {"reason": "spam"}, as_=MANAGER)).json()
    assert (body["effect"], body["ask_provider"][0]["wish"]) == ("recorded_only", "stop_showing")
    assert body["ask_provider"][0]["numbers"] == [f"+{FIRST}"]


async def test_a_number_is_declared_from_now_or_from_a_day_on(callers: Callers) -> None:
    now = await callers.put(f"/carousel/numbers/{FIRST}/declaration", as_=MANAGER)
    assert (now.status_code, now.json()["declared_since"]) == (200, "2026-11-23T09:15:02Z"), now.text
    body = {"declared_since": "2026-11-01T00:00:00Z"}
    then = await callers.put(f"/carousel/numbers/{FIRST}/declaration", body, as_=MANAGER)
    assert then.json()["declared_since"] == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize(
    ("number", "status", "code"), [("79039999999", 404, "pool_not_found"), ("12", 400, "invalid_request")]
)
async def test_a_number_of_no_pool_is_refused(callers: Callers, number: str, status: int, code: str) -> None:
    for answer in (
        await callers.put(f"/carousel/numbers/{number}/quarantine", {"reason": "spam"}, as_=MANAGER),
        await callers.delete(f"/carousel/numbers/{number}/quarantine", as_=MANAGER),
        await callers.put(f"/carousel/numbers/{number}/declaration", {}, as_=MANAGER),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}])
async def test_the_bench_needs_a_reason(callers: Callers, body: dict[str, Any]) -> None:
    answer = await callers.put(f"/carousel/numbers/{FIRST}/quarantine", body, as_=MANAGER)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "reason")


# --- Judged -----------------------------------------------------------------------------------------------------------


async def test_verdicts_are_counted_and_cases_named(callers: Callers, office: Office) -> None:
    """C10."""
    await callers.place()
    await callers.deliver_reports()
    answer = await callers.get("/carousel/conformance", as_=MANAGER, params={"until": "2026-11-24T00:00:00Z"})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body["counts"]) == {str(verdict) for verdict in Verdict}
    assert sum(body["counts"].values()) + body["waiting"] == 1
    assert body["since"] == "2026-10-25T00:00:00Z"
    assert all(case["verdict"] not in ("conforms", "conforms_ambiguous") for case in body["cases"])
    assert "9139123456" not in answer.text
    before = {"until": "2026-11-23T00:00:00Z", "pool": "siberia"}
    earlier = (await callers.get("/carousel/conformance", as_=MANAGER, params=before)).json()
    assert (sum(earlier["counts"].values()), earlier["waiting"], earlier["pool_id"]) == (0, 0, "siberia")


async def test_a_case_names_its_attempt_and_both_numbers(office: Office) -> None:
    """C10: another number of ours than the region's is a case."""
    shown = PhoneNumber("+79030000100")
    office.gateway = OneStepGateway(office.clock, shows=[shown], guarding=office.store)
    async with office.open() as callers:
        call = (await callers.place()).json()
        await callers.deliver_reports()
        period = {"until": "2026-11-24T00:00:00Z"}
        body = (await callers.get("/carousel/conformance", as_=MANAGER, params=period)).json()
    (case,) = body["cases"]
    assert (case["call_id"], case["attempt_id"]) == (call["id"], call["attempts"][0]["id"])
    assert (case["verdict"], case["reported"], case["pool_id"]) == ("other_pool", shown.e164, "siberia")
    assert body["counts"]["other_pool"] == 1


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"since": "yesterday"}, 400, "invalid_request"),
        ({"since": "2026-11-23T00:00:00Z", "until": "2026-11-22T00:00:00Z"}, 400, "invalid_request"),
        ({"pool": "nowhere"}, 404, "pool_not_found"),
    ],
)
async def test_a_period_or_pool_that_is_none_is_refused(
    callers: Callers, query: dict[str, str], status: int, code: str
) -> None:
    answer = await callers.get("/carousel/conformance", as_=MANAGER, params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
