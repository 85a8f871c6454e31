"""How people behave in a call, and the plan of times that follows from it.

Durations are seconds at speed 1. The ordinary call: the employee's phone rings 0.3 s after the request, is answered
after 1.5 s more, the client's phone rings 0.7 s later, is answered after 3 s, and they talk for 20 to 40 s.
"""

from __future__ import annotations

from enum import StrEnum
from random import Random

from attrs import evolve, frozen

EMPLOYEE_RINGS_AFTER = 0.3
EMPLOYEE_ANSWERS_AFTER = 1.5
CLIENT_RINGS_AFTER = 0.7
CLIENT_ANSWERS_AFTER = 3.0
TALK = (20.0, 40.0)
CLIENT_RINGS_FOR = 30.0
EMPLOYEE_RINGS_FOR = 20.0
UNREACHABLE_AFTER = 2.0
DROPS_AFTER = (1.0, 5.0)
EMPLOYEE_GIVES_UP_AFTER = 1.5


class BehaviourKind(StrEnum):
    """What happens when a number is called.

    `answers`: both answer and talk. `busy`, `unreachable`: the employee answers, the client's phone never rings.
    `no_answer`: the client's phone rings until the provider gives up. `drops`: the connection breaks soon after the
    client answered. `employee_no_answer`: the employee's phone rings out, the client is not called.
    `employee_hangs_up`: the employee hangs up while the client's phone rings.
    """

    ANSWERS = "answers"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    DROPS = "drops"
    EMPLOYEE_NO_ANSWER = "employee_no_answer"
    EMPLOYEE_HANGS_UP = "employee_hangs_up"


class Cause(StrEnum):
    """`internalReleaseCause` of the events that we send."""

    BUSY = "Busy"
    TEMPORARILY_UNAVAILABLE = "Temporarily Unavailable"


class Party(StrEnum):
    """Who ended the call, as `releasingParty`: the employee's side is the local one."""

    EMPLOYEE = "localRelease"
    CLIENT = "remoteRelease"


@frozen
class Behaviour:
    """The behaviour of one called number. `talk_seconds` (at speed 1) replaces the drawn length of the talk."""

    kind: BehaviourKind = BehaviourKind.ANSWERS
    talk_seconds: float | None = None


@frozen
class CallPlan:
    """What will happen, stage by stage: seconds from the stage before, None where the stage does not come.

    `ends_after` counts from the last stage that came; then the call is released by `released_by` with `cause`.
    """

    employee_rings: float
    employee_answers: float | None
    client_rings: float | None
    client_answers: float | None
    ends_after: float
    released_by: Party
    cause: Cause | None = None


def plan(behaviour: Behaviour, generator: Random) -> CallPlan:
    """The plan of a call. Its generator decides the length of the talk and who hangs up."""
    talk = generator.uniform(*TALK) if behaviour.talk_seconds is None else behaviour.talk_seconds
    ordinary = CallPlan(
        employee_rings=EMPLOYEE_RINGS_AFTER,
        employee_answers=EMPLOYEE_ANSWERS_AFTER,
        client_rings=CLIENT_RINGS_AFTER,
        client_answers=CLIENT_ANSWERS_AFTER,
        ends_after=talk,
        released_by=generator.choice([Party.EMPLOYEE, Party.CLIENT]),
    )
    match behaviour.kind:
        case BehaviourKind.ANSWERS:
            return ordinary
        case BehaviourKind.DROPS:
            drops_after = generator.uniform(*DROPS_AFTER) if behaviour.talk_seconds is None else behaviour.talk_seconds
            return evolve(
                ordinary, ends_after=drops_after, released_by=Party.CLIENT, cause=Cause.TEMPORARILY_UNAVAILABLE
            )
        case BehaviourKind.BUSY | BehaviourKind.UNREACHABLE:
            busy = behaviour.kind is BehaviourKind.BUSY
            return evolve(
                ordinary,
                client_rings=None,
                client_answers=None,
                ends_after=CLIENT_RINGS_AFTER if busy else UNREACHABLE_AFTER,
                released_by=Party.CLIENT,
                cause=Cause.BUSY if busy else Cause.TEMPORARILY_UNAVAILABLE,
            )
        case BehaviourKind.NO_ANSWER:
            return evolve(ordinary, client_answers=None, ends_after=CLIENT_RINGS_FOR, released_by=Party.CLIENT)
        case BehaviourKind.EMPLOYEE_HANGS_UP:
            return evolve(ordinary, client_answers=None, ends_after=EMPLOYEE_GIVES_UP_AFTER, released_by=Party.EMPLOYEE)
        case BehaviourKind.EMPLOYEE_NO_ANSWER:
            return evolve(
                ordinary,
                employee_answers=None,
                client_rings=None,
                client_answers=None,
                ends_after=EMPLOYEE_RINGS_FOR,
                released_by=Party.EMPLOYEE,
            )
