"""The default company's account: plain data that the demo loader reads too."""

from __future__ import annotations

from collections import Counter

from telephony_adapters.beeline_simulator.population import COMPANY, AgentStatus, LineKind
from telephony_adapters.numbering.demo import demo_plan

# ISO 3166-2:RU, its 83 subjects, and the six codes that ISO assigns to territories of the state's register.
SUBJECTS = (
    "AD AL BA BU CE CU DA IN KB KL KC KR KK KO ME MO SA SE TA TY UD ALT KAM KHA KDA KYA PER PRI STA ZAB AMU "
    "ARK AST BEL BRY CHE IRK IVA KGD KLU KEM KIR KOS KGN KRS LEN LIP MAG MOS MUR NIZ NGR NVS OMS ORE ORL PNZ "
    "PSK ROS RYA SAK SAM SAR SMO SVE TAM TOM TUL TVE TYU ULY VLA VGG VLG VOR YAR MOW SPE YEV CHU KHM NEN YAN "
).split()
TERRITORIES = {"UA-43", "UA-40", "UA-14", "UA-09", "UA-23", "UA-65"}


def test_the_carousel_is_ten_pools_of_ten() -> None:
    """Each number is in one pool, in one generation of it, and is nobody's line."""
    assert len(COMPANY.pools) == 10
    assert all(len(pool.numbers) == 10 for pool in COMPANY.pools)
    numbers = [number for pool in COMPANY.pools for number in (*pool.numbers, *pool.retired)]
    numbers += [line.number for line in COMPANY.subscribers if line.kind is LineKind.IP_PHONE]
    numbers += [sim.number for sim in COMPANY.sims]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("+79") and len(number) == 12 for number in numbers)


def test_each_region_is_served_by_exactly_one_pool() -> None:
    """C0, for the provider's own carousel; `RU` is the default pool's."""
    assert len(SUBJECTS) == 83
    served = Counter(code for pool in COMPANY.pools for code in pool.regions)
    assert set(served) == {f"RU-{code}" for code in SUBJECTS} | TERRITORIES | {"RU"}
    assert set(served.values()) == {1}
    assert [pool.id for pool in COMPANY.pools if pool.default] == ["center"]
    assert COMPANY.pool_for(("RU",)).default
    assert COMPANY.pool_for(("KZ",)).default
    assert all(COMPANY.pool_for((code,)).id == "south" for code in TERRITORIES)


def test_of_several_codes_the_first_pool_that_serves_one_counts() -> None:
    assert COMPANY.pool_for(("RU-MOS", "RU-MOW")).id == "moscow"
    assert COMPANY.pool_for(("RU-TYU", "RU-KGN")).id == "urals"
    assert COMPANY.pool_for(("RU-TYU",)).id == "siberia"


def test_the_demos_plan_reaches_every_pool() -> None:
    reached = {COMPANY.pool_for(entry.codes).id for entry in demo_plan()}
    assert reached == {pool.id for pool in COMPANY.pools}


def test_who_has_which_line() -> None:
    kinds = {employee: {line.kind for line in COMPANY.lines_of(employee)} for employee in COMPANY.employee_ids}
    both = {LineKind.IP_PHONE, LineKind.FMTN_MOBILE}
    assert len(kinds) == 20
    assert all(kinds[f"E-{n}"] == both for n in range(1, 9))
    assert all(kinds[f"E-{n}"] == {LineKind.IP_PHONE} for n in (*range(9, 15), 18, 19, 20))
    assert all(kinds[f"E-{n}"] == set() for n in (15, 16, 17))
    assert [COMPANY.sim_of(f"E-{n}") is not None for n in (14, 15, 16, 17)] == [False, True, True, False]
    assert not any(sim.fmtn for sim in COMPANY.sims if sim.employee_id in {"E-15", "E-16"})
    away = {line.employee_id: line.agent_status for line in COMPANY.subscribers if line.agent_status != "ONLINE"}
    assert away == {"E-18": AgentStatus.OFFLINE, "E-19": AgentStatus.BREAK}


def test_every_name_of_a_subscriber_is_its_own() -> None:
    names = [name for line in COMPANY.subscribers for name in {line.user_id, line.phone, line.extension}]
    assert len(set(names)) == len(names)
