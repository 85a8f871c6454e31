"""Makes what stands in docs/ from the code and from the sources of the diagrams: `make docs`.

docs/call-states.md is made from the table of facts, docs/rules-and-tests.md from the tests' docstrings,
docs/api/telephony-api.yaml from the routes (see `openapi`), docs/operate/settings.md from the settings' fields,
docs/diagrams/*.svg from the *.mmd beside them. Tests compare each with what the code says today.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import mermaidx  # type: ignore[import-untyped]
from tools import openapi, rules, settings

from telephony_core.call_facts import TABLE, FactKind, LegState, Outcome, Source

ROOT = Path(__file__).resolve().parent.parent
DIAGRAMS = ROOT / "docs" / "diagrams"
CALL_STATES = ROOT / "docs" / "call-states.md"

_SAID_BY = {Source.US: "us", Source.PROVIDER: "provider", Source.TIME_OUT: "time-out"}

# Labels as SVG text: the HTML that Mermaid puts into an SVG otherwise is shown by browsers only.
_PLAIN_TEXT = '%%{init: {"htmlLabels": false, "flowchart": {"htmlLabels": false}}}%%'

_HEAD = """\
# The states of a leg, an attempt and a Call

Made by `make docs` from the table in `telephony_core/call_facts.py`; change the table, not this page.

An attempt has two legs, the employee's and the client's. What is known of a leg is a *set of facts*, and its state is
that of the strongest fact in the set. So reports may come twice, late or in any order: the state is the same (K1). A
time-out is a fact too, but a weak one: it stands just above the stage that it doubts, and whatever the provider reports
of a later stage overrides it.

## The facts, weakest first

| fact | state of the leg | said by | ends the attempt | on this leg … |
|---|---|---|---|---|
"""

_MIDDLE = """
## How a leg moves

Each arrow is a fact; a fact that is weaker than one already known moves nothing. Dashed boxes are states of evidence
that did not come in time.

```mermaid
"""

_TAIL = """```

![the same as a picture](diagrams/leg-states.svg)

## The attempt

| the legs | state |
|---|---|
| a fact that ends is known | `ended`, with an outcome, which a late fact may correct; it never lives again |
| the last word on a leg that was asked for by itself is that the answer was lost | `outcome_unknown` |
| the client answered | `talking` |
| the client's phone rings, or the employee answered and the client is being dialled | `ringing_client` |
| the employee's phone rings | `ringing_employee` |
| none of these | `initiating` |

Outcomes: {outcomes}.

## The Call

`planned` (no attempt yet), `in_progress` (a live attempt, an unknown one included), `completed` (one talked),
`not_reached` (all ended, none talked), `closed` (by hand, or by itself some days after its last attempt).
"""


def leg_diagram() -> str:
    """The states of a leg as a Mermaid state diagram, from the table."""
    lines = ["stateDiagram-v2", "  direction LR", f"  [*] --> {LegState.WAITING}"]
    before: list[str] = [LegState.WAITING]
    for kind, meaning in TABLE.items():
        state = meaning.leg_state
        if state is None or state in before:
            continue
        # One arrow from the nearest stage that a leg really passes through; a stronger fact may jump over stages.
        lines.append(f"  {_came_from(state, before)} --> {state}: {kind}")
        before.append(state)
    lines += [f"  {state} --> [*]" for state in (LegState.FAILED, LegState.RELEASED)]
    evidence = (LegState.RINGING_NOT_CONFIRMED, LegState.DID_NOT_RING)
    lines += [f"  {state} --> {LegState.RINGING}: {FactKind.RINGING}" for state in evidence]
    lines += ["  classDef evidence stroke-dasharray: 4 3", f"  class {','.join(evidence)} evidence"]
    return "\n".join(lines) + "\n"


def _came_from(state: LegState, before: list[str]) -> str:
    aside = {LegState.FAILED, LegState.RINGING_NOT_CONFIRMED, LegState.DID_NOT_RING}
    origin = LegState.REQUESTED if state is LegState.FAILED else None
    return origin or next(each for each in reversed(before) if each not in aside)


def call_states_page() -> str:
    """docs/call-states.md as it has to be."""
    rows = (
        f"| `{kind}` | {f'`{row.leg_state}`' if row.leg_state else 'unchanged'} | {_SAID_BY[row.source]} "
        f"| {'yes' if row.ends else ''} | {row.what} |\n"
        for kind, row in TABLE.items()
    )
    outcomes = ", ".join(f"`{outcome}`" for outcome in Outcome)
    return _HEAD + "".join(rows) + _MIDDLE + leg_diagram() + _TAIL.format(outcomes=outcomes)


def labels(source: str) -> list[str]:
    """The words of a diagram's labels, for telling whether its picture was drawn from it."""
    quoted = re.findall(r'"([^"]+)"', source) or re.findall(r": (\w+)$", source, flags=re.MULTILINE)
    return sorted({word for label in quoted for word in re.findall(r"\w{4,}", label.replace("<br/>", " "))})


def main() -> int:
    CALL_STATES.write_text(call_states_page(), encoding="utf-8")
    rules.PAGE.write_text(rules.page(), encoding="utf-8")
    openapi.write()
    settings.write()
    (DIAGRAMS / "leg-states.mmd").write_text(leg_diagram(), encoding="utf-8")
    for source in sorted(DIAGRAMS.glob("*.mmd")):
        picture = mermaidx.render(f"{_PLAIN_TEXT}\n{source.read_text(encoding='utf-8')}")
        picture.save(source.with_suffix(".svg"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
