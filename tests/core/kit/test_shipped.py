"""What the core ships keeps the contracts that it is shipped with."""

from __future__ import annotations

from telephony_core.testing.contracts import CallFactsContract, CarouselContract


class TestShippedCarousel(CarouselContract):
    """Pools and carousels as they are."""


class TestShippedFacts(CallFactsContract):
    """The one table of facts, and an attempt that learns."""
