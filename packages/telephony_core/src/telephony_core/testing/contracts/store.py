"""What every store must keep, as one class of tests to subclass:

class TestMyStore(StoreContract):
    async def make_store(self) -> Store:
        return MyStore(...)

    async def stored_events(self, store: Store) -> Sequence[CallEvent]:
        return ...
"""

from __future__ import annotations

from telephony_core.testing.contracts.store_calls import CallsContract
from telephony_core.testing.contracts.store_carousel import CarouselRepositoryContract
from telephony_core.testing.contracts.store_erasing import ErasingContract
from telephony_core.testing.contracts.store_exclusion import KeysContract, ReservationsContract
from telephony_core.testing.contracts.store_finds import FindsContract
from telephony_core.testing.contracts.store_looks import LooksContract
from telephony_core.testing.contracts.store_reports import EventsContract, ReportsContract
from telephony_core.testing.contracts.store_units import UnitsOfWorkContract


class StoreContract(
    UnitsOfWorkContract,
    CallsContract,
    FindsContract,
    LooksContract,
    ErasingContract,
    ReservationsContract,
    KeysContract,
    CarouselRepositoryContract,
    ReportsContract,
    EventsContract,
):
    """Every sentence of the ports of the store. Each test gets a fresh store by `make_store` (or by overriding the
    fixture `store`); a Call in it stays open for 30 days (K6)."""
