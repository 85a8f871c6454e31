"""The provider's carousel: which number the client's phone shows.

An IP phone's call shows a number of the pool that serves the region of the called number, each of the pool's numbers
equally often (a shuffled round after the other); a call from an FMTN mobile shows the SIM's number (BA3). A seeded
share of calls can be substituted wrongly, so that whoever judges the provider has something to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum
from random import Random

from attrs import frozen

from telephony_adapters.beeline_simulator.chance import Chance, drawn
from telephony_adapters.beeline_simulator.config import SimulatorConfig
from telephony_adapters.beeline_simulator.population import LineKind, Pool, Subscriber

UNKNOWN_NUMBER = "+79031009999"
"""A number in nobody's pool, for wrong substitutions of kind `unknown`."""


class WrongSubstitution(StrEnum):
    """How a substitution can be wrong: a number of another pool, one that was given up, the employee's own line, one
    that is nobody's, or none at all (the caller is withheld)."""

    OTHER_POOL = "other_pool"
    RETIRED = "retired"
    EMPLOYEE_NUMBER = "employee_number"
    UNKNOWN = "unknown"
    NONE = "none"


@frozen
class Shown:
    """The choice: `number` (E.164) or None where the caller is withheld; `pool_id` where the carousel was asked."""

    number: str | None
    pool_id: str | None
    region_codes: tuple[str, ...]
    wrong: WrongSubstitution | None = None


class Substitution:
    """Lives as long as the simulator: it keeps the rounds of each pool. `wrong_shares` may be changed at any time."""

    def __init__(self, config: SimulatorConfig, chance: Chance) -> None:
        self._config = config
        self._chance = chance
        self._rounds: defaultdict[str, list[str]] = defaultdict(list)
        self.wrong_shares: dict[str, float] = {}

    def set_wrong_shares(self, shares: Mapping[str, float]) -> None:
        """Shares by kind, each 0 to 1 and together at most 1; ValueError otherwise."""
        kinds = {WrongSubstitution(kind).value: float(share) for kind, share in shares.items()}
        if any(share < 0 for share in kinds.values()) or sum(kinds.values()) > 1:
            raise ValueError("shares are 0 to 1 and together at most 1")
        self.wrong_shares = kinds

    def choose(self, subscriber: Subscriber, called: str) -> Shown:
        codes = self._config.regions(called)
        generator = self._chance.of("wrong-substitution", called)
        kind = drawn(self.wrong_shares, generator)
        # A mobile's own number is what it should show: nothing leaks there, the call is substituted as always.
        leaks_nothing = kind == WrongSubstitution.EMPLOYEE_NUMBER and subscriber.kind is LineKind.FMTN_MOBILE
        if kind is not None and not leaks_nothing:
            return self._wrongly(WrongSubstitution(kind), subscriber, codes, generator)
        if subscriber.kind is LineKind.FMTN_MOBILE and self._config.assumes("BA3"):
            return Shown(subscriber.number, None, codes)
        pool = self._config.company.pool_for(codes)
        return Shown(self._next_of(pool), pool.id, codes)

    def _next_of(self, pool: Pool) -> str:
        left = self._rounds[pool.id]
        if not left:
            left.extend(pool.numbers)
            self._chance.of("carousel", pool.id).shuffle(left)
        return left.pop()

    def _wrongly(
        self, kind: WrongSubstitution, subscriber: Subscriber, codes: tuple[str, ...], generator: Random
    ) -> Shown:
        company = self._config.company
        pool = company.pool_for(codes)
        match kind:
            case WrongSubstitution.OTHER_POOL:
                other = generator.choice([each for each in company.pools if each.id != pool.id])
                return Shown(generator.choice(other.numbers), other.id, codes, kind)
            case WrongSubstitution.RETIRED:
                return Shown(generator.choice(pool.retired), pool.id, codes, kind)
            case WrongSubstitution.EMPLOYEE_NUMBER:
                return Shown(subscriber.number, None, codes, kind)
            case WrongSubstitution.UNKNOWN:
                return Shown(UNKNOWN_NUMBER, None, codes, kind)
            case WrongSubstitution.NONE:
                return Shown(None, None, codes, kind)
