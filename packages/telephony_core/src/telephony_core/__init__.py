"""BMS Telephony's core: numbers, devices, the carousel, caller ID and calls, without I/O.

What is used most is offered here; each name is loaded when it is asked for, so that `import telephony_core` costs
nothing. All of a module's public names are public API (docs/embed/README.md says what versions promise).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telephony_core.call import Attempt, Call
    from telephony_core.caller_id import CallerIdDecision, CallerIdPolicy, EarlierTalk, Question, Verdict, judge, replay
    from telephony_core.carousel import Carousel, CarouselNumber, CarouselPool, Generation, NumberUse
    from telephony_core.device import CorporateSim, IpPhone, Mobile
    from telephony_core.dialling import DiallingRules
    from telephony_core.errors import NoUsableNumber, TelephonyError
    from telephony_core.party import Client, Employee, Interest, Permission, Principal, Target, TargetKind
    from telephony_core.phone import PhoneNumber
    from telephony_core.region import Region
    from telephony_core.use_cases.assembly import Telephony
    from telephony_core.use_cases.initiate_call import InitiateRequest
    from telephony_core.use_cases.rules import Rules

__all__ = [
    "Attempt",
    "Call",
    "CallerIdDecision",
    "CallerIdPolicy",
    "Carousel",
    "CarouselNumber",
    "CarouselPool",
    "Client",
    "CorporateSim",
    "DiallingRules",
    "EarlierTalk",
    "Employee",
    "Generation",
    "InitiateRequest",
    "Interest",
    "IpPhone",
    "Mobile",
    "NoUsableNumber",
    "NumberUse",
    "Permission",
    "PhoneNumber",
    "Principal",
    "Question",
    "Region",
    "Rules",
    "Target",
    "TargetKind",
    "Telephony",
    "TelephonyError",
    "Verdict",
    "judge",
    "replay",
]

_HOMES = {
    "call": ("Attempt", "Call"),
    "caller_id": ("CallerIdDecision", "CallerIdPolicy", "EarlierTalk", "Question", "Verdict", "judge", "replay"),
    "carousel": ("Carousel", "CarouselNumber", "CarouselPool", "Generation", "NumberUse"),
    "device": ("CorporateSim", "IpPhone", "Mobile"),
    "dialling": ("DiallingRules",),
    "errors": ("NoUsableNumber", "TelephonyError"),
    "party": ("Client", "Employee", "Interest", "Permission", "Principal", "Target", "TargetKind"),
    "phone": ("PhoneNumber",),
    "region": ("Region",),
    "use_cases.assembly": ("Telephony",),
    "use_cases.initiate_call": ("InitiateRequest",),
    "use_cases.rules": ("Rules",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker would take it for leave to ask for any name

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
