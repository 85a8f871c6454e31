"""Contracts of the ports and of the policy: classes of pytest to subclass, one for each promise of `ports`."""

from telephony_core.testing.contracts.store import StoreContract

__all__ = ["StoreContract"]
