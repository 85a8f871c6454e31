"""What the simulator chooses: which number is shown, how a call goes; all of it under the seed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.beeline_simulator.assumptions import ASSUMPTIONS, read_switches
from telephony_adapters.beeline_simulator.behaviours import Behaviour, BehaviourKind, CallPlan, plan
from telephony_adapters.beeline_simulator.chance import Chance
from telephony_adapters.beeline_simulator.config import SimulatorConfig
from telephony_adapters.beeline_simulator.dialled_numbers import e164_of, ten_digits
from telephony_adapters.beeline_simulator.faults import Fault, FaultBook, FaultKind, ReportFault
from telephony_adapters.beeline_simulator.population import COMPANY, LineKind, Subscriber
from telephony_adapters.beeline_simulator.regions import demo_regions
from telephony_adapters.beeline_simulator.substitution import Substitution, WrongSubstitution
from telephony_adapters.numbering.demo import demo_plan

IP_PHONE = next(line for line in COMPANY.subscribers if line.kind is LineKind.IP_PHONE)
MOBILE = next(line for line in COMPANY.subscribers if line.kind is LineKind.FMTN_MOBILE)
REGIONS = demo_regions()
ENTRIES = list(demo_plan())

of_the_plan = st.sampled_from(ENTRIES).flatmap(lambda entry: st.integers(entry.first, entry.last)).map("+{}".format)
anywhere = st.integers(3_000_000_000, 9_999_999_999).map("+7{}".format)


def substitution(seed: int = 0, off: frozenset[str] = frozenset()) -> Substitution:
    config = SimulatorConfig(token="t", seed=seed, assume_off=off, regions=REGIONS)
    return Substitution(config, Chance(seed))


@given(called=of_the_plan | anywhere, seed=st.integers(0, 99))
def test_an_ip_phone_shows_a_number_of_the_pool_that_serves_the_region(called: str, seed: int) -> None:
    """C4, on the provider's side: of all codes of the number if a pool serves them, else of the first that has one."""
    shown = substitution(seed).choose(IP_PHONE, called)
    pool = COMPANY.pool_for(REGIONS(called))
    assert shown.number in pool.numbers
    assert shown.pool_id == pool.id


@given(called=of_the_plan | anywhere)
def test_a_mobile_shows_its_sims_number(called: str) -> None:
    """C1 on the provider's side, unless BA3 is off."""
    assert substitution().choose(MOBILE, called).number == MOBILE.number
    carousel = COMPANY.pool_for(REGIONS(called)).numbers
    assert substitution(off=frozenset({"BA3"})).choose(MOBILE, called).number in carousel


@given(calls=st.integers(1, 60), seed=st.integers(0, 99))
def test_the_numbers_of_a_pool_are_shown_evenly(calls: int, seed: int) -> None:
    carousel = substitution(seed)
    shown = Counter(carousel.choose(IP_PHONE, f"+79139{n:06}").number for n in range(calls))
    times = [shown[number] for number in COMPANY.pool_for(("RU-NVS",)).numbers]
    assert sum(times) == calls
    assert max(times) - min(times) <= 1


@pytest.mark.parametrize("kind", list(WrongSubstitution))
def test_wrong_substitutions(kind: WrongSubstitution) -> None:
    """Each kind of what C10 must find can be produced, and says in the ledger that it is wrong."""
    carousel = substitution()
    carousel.set_wrong_shares({kind.value: 1.0})
    pool = COMPANY.pool_for(("RU-NVS",))
    for n in range(20):
        shown = carousel.choose(IP_PHONE, f"+79139{n:06}")
        assert shown.wrong is kind
        assert shown.number not in pool.numbers
        match kind:
            case WrongSubstitution.OTHER_POOL:
                assert any(shown.number in other.numbers for other in COMPANY.pools)
            case WrongSubstitution.RETIRED:
                assert shown.number in pool.retired
            case WrongSubstitution.EMPLOYEE_NUMBER:
                assert shown.number == IP_PHONE.number
            case WrongSubstitution.UNKNOWN:
                assert all(shown.number not in (*each.numbers, *each.retired) for each in COMPANY.pools)
            case WrongSubstitution.NONE:
                assert shown.number is None


def test_a_mobiles_own_number_is_no_leak() -> None:
    carousel = substitution()
    carousel.set_wrong_shares({"employee_number": 1.0})
    shown = carousel.choose(MOBILE, "+79139123456")
    assert (shown.number, shown.wrong) == (MOBILE.number, None)


def test_wrong_substitutions_take_about_their_share() -> None:
    carousel = substitution()
    carousel.set_wrong_shares({"other_pool": 0.1, "none": 0.1})
    wrong = Counter(carousel.choose(IP_PHONE, f"+79139{n:06}").wrong for n in range(2000))
    assert 140 < wrong[WrongSubstitution.OTHER_POOL] < 260
    assert 140 < wrong[WrongSubstitution.NONE] < 260


@given(
    seed=st.integers(0, 9),
    called=st.lists(of_the_plan, min_size=1, max_size=8),
    lines=st.lists(st.sampled_from(COMPANY.subscribers), min_size=8, max_size=8),
)
def test_equal_seeds_choose_equally(seed: int, called: list[str], lines: list[Subscriber]) -> None:
    def run() -> list[object]:
        carousel = substitution(seed)
        carousel.set_wrong_shares({"other_pool": 0.3})
        return [carousel.choose(line, number) for line, number in zip(lines, called, strict=False)]

    assert run() == run()


def test_a_fault_changes_no_other_choice() -> None:
    """Each purpose has a generator of its own: the plan of a call is the same with faults and without."""

    def plans(share: float) -> list[CallPlan]:
        chance = Chance(3)
        faults = FaultBook(chance)
        faults.set_random({"late": share})
        plans = []
        for n in range(20):
            number = f"+79139{n:06}"
            faults.take("/apis/portal/abonents/1001/call", number, is_call=True)
            plans.append(plan(Behaviour(), chance.of("plan", number)))
        return plans

    assert plans(0) == plans(0.5)


def test_the_ordinary_call_takes_its_time() -> None:
    for n in range(50):
        ordinary = plan(Behaviour(), Chance(n).of("plan"))
        assert (ordinary.employee_rings, ordinary.employee_answers) == (0.3, 1.5)
        assert (ordinary.client_rings, ordinary.client_answers) == (0.7, 3.0)
        assert 20 <= ordinary.ends_after <= 40
    assert plan(Behaviour(BehaviourKind.ANSWERS, 2.5), Chance(0).of("plan")).ends_after == 2.5


@given(digits=st.integers(3_000_000_000, 9_999_999_999).map(str))
def test_a_number_is_taken_in_the_four_forms_of_public_clients(digits: str) -> None:
    forms = (f"8{digits}", f"7{digits}", f"+7{digits}", f" 7{digits}", digits)
    assert {e164_of(form) for form in forms} == {f"+7{digits}"}
    assert {ten_digits(form) for form in forms} == {digits}
    assert [e164_of(form, only_eight=True) for form in forms] == [f"+7{digits}", None, None, None, None]


@pytest.mark.parametrize(
    "text", ["", "112", "+4930123456", "7913912345", "791391234567", "0139123456", "abc", "٧٩١٣٩١٢٣٤٥٦"]
)
def test_what_cannot_be_dialled_is_no_number(text: str) -> None:
    # 7913912345 is ten digits that begin with the country's 7: nobody can tell, and ten digits it is.
    assert e164_of(text) == ("+77913912345" if text == "7913912345" else None)


def test_assumptions_are_numbered_and_switched_by_name() -> None:
    numbers = [int(each.id.removeprefix("BA")) for each in ASSUMPTIONS]
    assert numbers == sorted(set(numbers))
    assert read_switches(["BA3=off", "BA1=on"]) == {"BA3"}
    for wrong in ("BA3", "BA99=off", "BA3=maybe"):
        with pytest.raises(ValueError, match="not an assumption"):
            read_switches([wrong])
    with pytest.raises(ValueError, match="BA99"):
        SimulatorConfig(token="t", assume_off=frozenset({"BA99"}))


def test_a_fault_is_used_up_by_what_it_waits_for() -> None:
    book = FaultBook(Chance(0))
    book.add(Fault(kind=FaultKind.HTTP_500, phone_number="+79139000001", count=2))
    book.add(Fault(kind=FaultKind.LATE, path="v2/statistics"))
    book.add(Fault(reports=ReportFault.LOST))
    calls = "/apis/portal/abonents/1001/call"
    assert book.take("/apis/portal/abonents", None, is_call=False).answer is None
    first = book.take(calls, "+79139000002", is_call=True)
    assert (first.answer, [each.reports for each in first.reports]) == (None, [ReportFault.LOST])
    for _ in range(2):
        hit = book.take(calls, "+79139000001", is_call=True)
        assert hit.answer is not None
        assert hit.answer.kind is FaultKind.HTTP_500
        assert hit.reports == ()
    assert book.take(calls, "+79139000001", is_call=True).answer is None
    assert book.take("/apis/portal/v2/statistics", None, is_call=False).answer is not None
    assert book.pending() == []


def test_a_share_of_requests_is_hit_alike_under_a_seed() -> None:
    def hits(seed: int) -> list[bool]:
        book = FaultBook(Chance(seed))
        book.add(Fault(kind=FaultKind.RESET, share=0.3, count=None))
        return [book.take("/call", f"+7913900{n:04}", is_call=True).answer is not None for n in range(300)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 50 < sum(hits(1)) < 130


@pytest.mark.parametrize(
    "wrong", [{}, {"kind": "late", "share": 2}, {"kind": "late", "count": 0}, {"kind": "error_code", "status": 200}]
)
def test_a_senseless_fault_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"fault|share|count|status"):
        Fault(**({**wrong, "kind": FaultKind(wrong["kind"])} if "kind" in wrong else wrong))  # type: ignore[arg-type]
