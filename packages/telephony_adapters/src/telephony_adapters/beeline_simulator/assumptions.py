"""What the simulator takes for true of the real Beeline although nobody confirmed it, and what it does when told that
it is false (`--assume BA3=off`).

The numbers are the project's (`docs/beeline-assumptions`); a gateway must survive each of them being off.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from attrs import frozen


@frozen
class Assumption:
    """One assumption: `what` holds while it is on, `when_off` is what the simulator does otherwise."""

    id: str
    what: str
    when_off: str


ASSUMPTIONS: tuple[Assumption, ...] = (
    Assumption(
        "BA1",
        "The tracking id that the call request answers equals extTrackingId of the events and externalId of records.",
        "Events and records carry another extTrackingId, unrelated to the answer.",
    ),
    Assumption(
        "BA2",
        "phone_from of v2/statistics is the number that the client saw.",
        "phone_from is the employee's own line.",
    ),
    Assumption(
        "BA3",
        "A call from an FMTN mobile shows the SIM's own number.",
        "It shows a number of the carousel, as a call from an IP phone does.",
    ),
    Assumption(
        "BA4",
        "The call request takes phoneNumber as 7XXXXXXXXXX (and with +7, with 8, or as ten digits).",
        "Only 8XXXXXXXXXX is taken; everything else is refused with InvalidPhoneNumber.",
    ),
    Assumption(
        "BA5",
        "The provider keeps each subscriber's agent status and refuses calls of an agent on BREAK.",
        "GET and PUT of the status answer 404 AgentNotFound; BREAK holds nobody back.",
    ),
    Assumption(
        "BA6",
        "CallReleasedEvent says in internalReleaseCause why a call failed (Busy, Temporarily Unavailable).",
        "No released event carries a cause: a busy client looks like one who did not answer.",
    ),
    Assumption(
        "BA7",
        "duration of statistics and records is in milliseconds (one integration stores it so).",
        "It is in whole seconds.",
    ),
    Assumption(
        "BA8",
        "There is no request that hangs up.",
        "DELETE abonents/{pattern}/call?callId= does, under a name of ours: the real one, if there is one, is unknown.",
    ),
    Assumption(
        "BA9",
        "A row of statistics is of a call that is over; its duration counts from the client's answer.",
        "A row is there from the client's first ring on, and its duration grows until the end.",
    ),
    Assumption(
        "BA10",
        "A 4xx with an errorCode means that nothing was dialled.",
        "Every call request is dialled and answered 409 with OperationFailed.",
    ),
    Assumption(
        "BA11",
        "personality is Click-to-Dial while the employee's phone rings, and Originator once it was answered.",
        "It is Click-to-Dial in every event of a requested call.",
    ),
    Assumption(
        "BA12",
        "startDate of a row of statistics is the instant at which the call began.",
        "It is Moscow's wall clock written as if it were UTC: three hours ahead.",
    ),
    Assumption(
        "BA13",
        "dateFrom and dateTo are read as they are written, in UTC with Z.",
        "They are read as Moscow's wall clock, whatever zone they name.",
    ),
    Assumption(
        "BA14",
        "PUT subscription makes a new one beside the old.",
        "For the same target and url it renews the one there is: equal id, new end.",
    ),
    Assumption(
        "BA15",
        "Times of events are milliseconds since 1970, or ISO 8601 in UTC.",
        "They are ISO 8601 in Moscow's wall clock, without a zone.",
    ),
    Assumption(
        "BA16",
        "An event names its subscriber as `abonents` does, in userId and targetId.",
        "userId and targetId name the whole account, and the endpoint has an id of its own.",
    ),
    Assumption(
        "BA17",
        "inboundNumber of icr/route is the number of the client who calls.",
        "It is a number of the account's own; a rule with any other gets FAULT.",
    ),
)

_IDS = frozenset(assumption.id for assumption in ASSUMPTIONS)

MOSCOW = timedelta(hours=3)
"""How far Moscow's wall clock is ahead of UTC: what times are wrong by where BA12, BA13 or BA15 is off."""


def read_switches(texts: Iterable[str]) -> frozenset[str]:
    """The assumptions switched off by texts like `BA3=off` (`BA3=on` changes nothing). ValueError if one is wrong."""
    off: set[str] = set()
    for text in texts:
        name, _, value = text.partition("=")
        if name not in _IDS or value not in {"on", "off"}:
            raise ValueError(f"not an assumption: {text!r}; say one of {', '.join(sorted(_IDS))} with =on or =off")
        if value == "off":
            off.add(name)
    return frozenset(off)


def checked(off: frozenset[str]) -> frozenset[str]:
    """The same set, if all of it is known; ValueError otherwise (a typing error must not pass for 'off')."""
    if unknown := off - _IDS:
        raise ValueError(f"no such assumption: {', '.join(sorted(unknown))}")
    return off
