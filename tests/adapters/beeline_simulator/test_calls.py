"""What happens in a call: the ledger's truth, the reports about it, the statistics after it."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from tests.adapters.beeline_simulator.conftest import SPEED
from tests.adapters.beeline_simulator.receiver import Event, Receiver

from telephony_adapters.beeline_simulator import COMPANY, SimulatorHandle
from telephony_adapters.beeline_simulator.population import LineKind
from telephony_adapters.beeline_simulator.regions import demo_regions

CLIENT = "+79139123456"
INSTANTS = ("requested_at", "employee_rang_at", "client_rang_at", "answered_at", "released_at")


def dial(simulator: SimulatorHandle, pattern: str = "1001", number: str = CLIENT) -> dict:
    """One call to its end; its ledger entry."""
    answer = simulator.portal("POST", f"abonents/{pattern}/call", params={"phoneNumber": number})
    assert answer.status_code == 200, answer.text
    simulator.wait_until_idle()
    return next(entry for entry in simulator.ledger() if entry["tracking_id"] == answer.text)


def seen(event: Event) -> tuple[str, str, str]:
    return event.type, event.call["personality"], event.call["state"]


EMPLOYEE_RINGS = ("CallOriginatedEvent", "Click-to-Dial", "Alerting")
CLIENT_RINGS = ("CallUpdatedEvent", "Originator", "Alerting")
CLIENT_ANSWERED = ("CallAnsweredEvent", "Originator", "Active")
RELEASED = ("CallReleasedEvent", "Originator", "Released")
NEVER_ANSWERED = ("CallReleasedEvent", "Click-to-Dial", "Released")


def test_the_ledger_says_exactly_what_the_tests_of_others_read(simulator: SimulatorHandle) -> None:
    entry = dial(simulator)
    assert {"tracking_id", "user_id", "phone_number", "shown_number", *INSTANTS} <= set(entry)
    assert entry["user_id"] == "9067010101@ip.beeline.ru"
    assert entry["shown_number"] in COMPANY.pool_for(("RU-NVS",)).numbers
    for name in INSTANTS:
        assert datetime.strptime(entry[name], "%Y-%m-%dT%H:%M:%S.%f%z").utcoffset() is not None
        assert entry[name].endswith("Z")
    assert [entry[name] for name in INSTANTS] == sorted(entry[name] for name in INSTANTS)


def test_an_answered_call_goes_as_a_life_like_one_by_the_speed(simulator: SimulatorHandle) -> None:
    entry = dial(simulator)
    at = [datetime.fromisoformat(entry[name]) for name in INSTANTS]
    steps = [(later - earlier).total_seconds() * SPEED for earlier, later in pairwise(at)]
    # Never earlier than planned; later by what a busy machine takes.
    for step, planned in zip(steps, (0.3, 1.5 + 0.7, 3.0, 20.0), strict=True):
        assert step >= planned * 0.95


def test_reports_of_an_answered_call(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.behave(CLIENT, "answers", talk_seconds=5)
    entry = dial(simulator)
    events = listening.events(hooks=True)
    assert [event.type for event in events] == [
        "CallOriginatedEvent",
        "HookStatusEvent",
        "CallUpdatedEvent",
        "CallAnsweredEvent",
        "CallReleasedEvent",
        "HookStatusEvent",
    ]
    assert [event.sequence_number for event in events] == [1, 2, 3, 4, 5, 6]
    assert len({event.event_id for event in events}) == 6
    assert set(listening.content_types) == {"application/xml; charset=UTF-8"}
    calls = listening.events()
    assert [seen(event) for event in calls] == [EMPLOYEE_RINGS, CLIENT_RINGS, CLIENT_ANSWERED, RELEASED]
    for event in calls:
        assert event.call["extTrackingId"] == entry["tracking_id"]
        assert event.call["callId"].startswith("callhalf-")
        assert event.call["networkCallId"]
        assert event.call["remoteParty/address"] == f"tel:{CLIENT}"
        assert event.call["endpoint/addressOfRecord"] == "sip:9067010101@ip.beeline.ru"
        assert event.call["startTime"] == milliseconds(entry["employee_rang_at"])
        assert event.fields["userId"] == "9067010101@ip.beeline.ru"
        assert event.fields["targetId"] == "9067010101@ip.beeline.ru"
        assert event.fields["httpContact/uri"] == listening.url
        assert entry["shown_number"] not in "".join(event.fields.values())
    assert ["answerTime" in event.call for event in calls] == [False, False, True, True]
    assert calls[-1].call["answerTime"] == milliseconds(entry["answered_at"])
    assert calls[-1].call["releaseTime"] == milliseconds(entry["released_at"])
    assert calls[-1].call["releasingParty"] in {"localRelease", "remoteRelease"}
    assert "internalReleaseCause" not in calls[-1].call


def milliseconds(instant: str) -> str:
    return str(round(datetime.fromisoformat(instant).timestamp() * 1000))


@pytest.mark.parametrize(
    ("kind", "outcome", "reports", "party", "cause"),
    [
        ("answers", "talked", [EMPLOYEE_RINGS, CLIENT_RINGS, CLIENT_ANSWERED, RELEASED], None, None),
        (
            "drops",
            "talked",
            [EMPLOYEE_RINGS, CLIENT_RINGS, CLIENT_ANSWERED, RELEASED],
            "remoteRelease",
            "Temporarily Unavailable",
        ),
        ("busy", "busy", [EMPLOYEE_RINGS, RELEASED], "remoteRelease", "Busy"),
        ("unreachable", "unreachable", [EMPLOYEE_RINGS, RELEASED], "remoteRelease", "Temporarily Unavailable"),
        ("no_answer", "no_answer", [EMPLOYEE_RINGS, CLIENT_RINGS, RELEASED], "remoteRelease", None),
        ("employee_hangs_up", "employee_hung_up", [EMPLOYEE_RINGS, CLIENT_RINGS, RELEASED], "localRelease", None),
        ("employee_no_answer", "employee_no_answer", [EMPLOYEE_RINGS, NEVER_ANSWERED], "localRelease", None),
    ],
)
def test_behaviours(
    simulator: SimulatorHandle,
    listening: Receiver,
    kind: str,
    outcome: str,
    reports: list[tuple[str, str, str]],
    party: str | None,
    cause: str | None,
) -> None:
    simulator.behave(CLIENT, kind)
    entry = dial(simulator)
    events = listening.events()
    assert entry["outcome"] == outcome
    assert [seen(event) for event in events] == reports
    assert party in {None, events[-1].call["releasingParty"]}
    assert events[-1].call.get("internalReleaseCause") == cause
    rang, answered = CLIENT_RINGS in reports, CLIENT_ANSWERED in reports
    assert (entry["client_rang_at"] is not None, entry["shown_number"] is not None) == (rang, rang)
    assert ("answerTime" in events[-1].call, entry["answered_at"] is not None) == (answered, answered)
    assert entry["employee_rang_at"] is not None
    assert entry["released_at"] is not None


def test_statistics_agree_with_the_ledger(simulator: SimulatorHandle) -> None:
    """A number is reported only where the client's phone rang; without a client leg there is no row."""
    kinds = ("answers", "busy", "no_answer", "employee_no_answer")
    entries = {}
    for n, kind in enumerate(kinds):
        number = f"+7913912345{n}"
        simulator.behave(number, kind)
        entries[kind] = dial(simulator, "1011", number)
    rows = {f"+{row['phone_to']}": row for row in simulator.portal("GET", "v2/statistics?userId=1011").json()}
    assert set(rows) == {entries[kind]["phone_number"] for kind in ("answers", "busy", "no_answer")}
    for kind in ("answers", "busy", "no_answer"):
        row, entry = rows[entries[kind]["phone_number"]], entries[kind]
        reported = f"+{row['phone_from']}" if "phone_from" in row else None
        assert reported == entry["shown_number"]
        assert (row["duration"] > 0) == (entry["answered_at"] is not None)


def test_the_shown_number_belongs_to_the_called_region(simulator: SimulatorHandle) -> None:
    """C4 at the client's phone, over many regions; from a mobile it is the SIM's number (C1)."""
    called = ["+79031234567", "+79117012345", "+79104012345", "+79180012345", "+79282012345", "+79172212345"]
    called += ["+79122012345", "+79139123456", "+79135012345", "+79147012345", "+79990012345", "+74951234567"]
    lines = [line for line in COMPANY.subscribers if line.agent_status == "ONLINE"]
    for n, number in enumerate(called):
        simulator.behave(number, "answers", talk_seconds=0)
        line = lines[n]
        assert simulator.portal("POST", f"abonents/{line.user_id}/call", params={"phoneNumber": number}).is_success
    mobile = next(line for line in COMPANY.subscribers if line.kind is LineKind.FMTN_MOBILE)
    of_mobile = dial(simulator, mobile.user_id)
    assert of_mobile["shown_number"] == mobile.number
    assert of_mobile["pool_id"] is None
    pools = set()
    for entry in simulator.ledger()[: len(called)]:
        pool = COMPANY.pool_for(demo_regions()(entry["phone_number"]))
        assert entry["shown_number"] in pool.numbers
        assert entry["pool_id"] == pool.id
        pools.add(pool.id)
    assert pools == {pool.id for pool in COMPANY.pools}


def test_wrong_substitutions_are_told_by_the_ledger_and_reported(simulator: SimulatorHandle) -> None:
    for kind in ("other_pool", "retired", "employee_number", "unknown", "none"):
        simulator.control("PUT", "wrong-substitutions", {kind: 1.0})
        entry = dial(simulator, "1012")
        assert entry["wrong_substitution"] == kind
        row = simulator.portal("GET", "v2/statistics?userId=1012&pageSize=1").json()[0]
        assert (f"+{row['phone_from']}" if "phone_from" in row else None) == entry["shown_number"]
    withheld = simulator.ledger()[-1]
    assert withheld["shown_number"] is None
    assert withheld["client_rang_at"] is not None
    assert simulator.client.put(f"{simulator.control_url}wrong-substitutions", json={"odd": 1}).status_code == 400


def test_somebody_hangs_up(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.behave(CLIENT, "answers", talk_seconds=3000)
    for by, party in (("employee", "localRelease"), ("client", "remoteRelease")):
        tracking_id = simulator.portal("POST", "abonents/1001/call", params={"phoneNumber": CLIENT}).text
        while not any(entry["answered_at"] and not entry["released_at"] for entry in simulator.ledger()):
            pass
        simulator.control("POST", f"calls/{tracking_id}/end", {"by": by})
        simulator.wait_until_idle()
        assert listening.events()[-1].call["releasingParty"] == party
    assert [entry["outcome"] for entry in simulator.ledger()] == ["talked", "talked"]


def test_calls_that_nobody_requested_here(simulator: SimulatorHandle, listening: Receiver) -> None:
    """A company-wide subscription brings inbound and hand-dialled calls too; the ledger is of requests only."""
    for direction, personality in (("inbound", "Terminator"), ("hand_dialled", "Originator")):
        body = {"user": "1013", "phone_number": CLIENT, "direction": direction, "talk_seconds": 2}
        foreign = simulator.control("POST", "foreign-calls", body)
        simulator.wait_until_idle()
        events = [event for event in listening.events() if event.call["extTrackingId"] == foreign["ext_tracking_id"]]
        assert [event.call["personality"] for event in events] == [personality] * 3
    rows = simulator.portal("GET", "v2/statistics?userId=1013").json()
    assert {(row["direction"], row["status"]) for row in rows} == {("INBOUND", "RECIEVED"), ("OUTBOUND", "PLACED")}
    assert simulator.ledger() == []


def test_random_behaviours_follow_the_seed() -> None:
    """Two simulators of one seed play the same calls; the n-th call to a number is the same whatever lies between."""

    def outcomes(seed: int, *, backwards: bool) -> dict[str, str]:
        with SimulatorHandle.start(speed=1000, seed=seed) as simulator:
            simulator.control("PUT", "random-behaviours", {"busy": 0.3, "no_answer": 0.3, "drops": 0.2})
            lines = [line.user_id for line in COMPANY.subscribers if line.agent_status == "ONLINE"]
            calls = list(zip(lines, [f"+7913912{n:04}" for n in range(23)], strict=True))
            for line, number in reversed(calls) if backwards else calls:
                simulator.portal("POST", f"abonents/{line}/call", params={"phoneNumber": number})
            simulator.wait_until_idle()
            return {entry["phone_number"]: entry["outcome"] for entry in simulator.ledger()}

    first = outcomes(1, backwards=False)
    assert outcomes(1, backwards=True) == first
    assert outcomes(2, backwards=False) != first
    assert {"busy", "no_answer", "talked"} <= set(first.values())
