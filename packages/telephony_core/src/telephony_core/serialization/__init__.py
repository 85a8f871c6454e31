"""Stored data and events: from values to JSON-able data and back (law 11).

What is stored outlives the names in the code. So every stored key and every stored word is written out here, and a
rename in the domain changes nothing that was stored before; the tests hold examples of stored data word by word. A
decision carries the number of its form (`f`), an event its own (`form`): a new form is added, the old stays readable.
"""

from telephony_core.serialization.decisions import decision_from_stored, decision_to_stored
from telephony_core.serialization.values import (
    STORED_WORDS,
    compact_json,
    event_from_stored,
    event_to_stored,
    facts_from_stored,
    facts_to_stored,
    limits_from_stored,
    limits_to_stored,
)

__all__ = [
    "STORED_WORDS",
    "compact_json",
    "decision_from_stored",
    "decision_to_stored",
    "event_from_stored",
    "event_to_stored",
    "facts_from_stored",
    "facts_to_stored",
    "limits_from_stored",
    "limits_to_stored",
]
