"""The rules of the product in one sentence each, by number: a broken one is told so, and documents are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RULES: Mapping[str, str] = MappingProxyType(
    {
        "N1": "numbers come normalised, each once, judged, none dropped",
        "N2": "the number dialled belongs to the target; free-hand needs the permission",
        "N3": "a number that may not be called is refused; quiet hours can be overridden, do-not-call can't",
        "N4": "destination classes; limits per employee, hour and day",
        "D1": "a device only by its employee, only while active, a SIM only between issue and return",
        "D2": "a mobile needs corporate SIM and FMTN; an IP phone unless known to be offline or away",
        "D3": "ineligible devices are listed with reasons, refused with alternatives, never changed by us",
        "C0": "one pool a region, one default, chains end, a number active once",
        "C1": "from a mobile the SIM's own number",
        "C2": "from an IP phone a number of the selected pool's active generation",
        "C3": "never a number that is retired, quarantined, undeclared, over a cap or resting",
        "C4": "the region from the sources in order; several regions by the stated rule",
        "C5": "no usable number: the chain or a refusal, as the pool says",
        "C6": "sticky inside the selected pool",
        "C7": "fair: picks differ by at most one, concurrent ones included",
        "C8": "pure; replay reproduces; at most 1 kB stored",
        "C9": "a refresh holds from its instant on, by the database's clock",
        "C10": "the reported number is judged",
        "C11": "where the provider chooses: candidates unfiltered, effects recorded only",
        "K1": "a leg's state is a function of the set of facts; what ended never lives again",
        "K2": "accepted is not ringing; missing reports free nobody",
        "K3": "each leg is dialled at most once; unknown outcomes are kept, acknowledged, given up at their horizon",
        "K4": "Idempotency-Key",
        "K5": "one attempt holds an employee, a Call, a number; given up exactly once",
        "K6": "which Call takes the attempt; closing",
        "K7": "nothing accepted is lost",
        "B1": "a call-back finds the employee",
        "P1": "no full client number in any log, trace, metric, error or URL",
        "P2": "events carry ids and masked numbers",
        "P3": "retention and erasure; carousel history stays",
        "P4": "an employee reads only their own",
    }
)
