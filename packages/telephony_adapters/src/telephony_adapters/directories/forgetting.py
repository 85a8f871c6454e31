"""Takes a client out of our own directory: names and numbers of the client and of their interests' contacts (P3)."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.tables import client_numbers, clients, contact_numbers, contacts, interests
from telephony_adapters.store.transaction import Database
from telephony_core.errors import DirectoryUnavailable, StoreUnavailable
from telephony_core.ports import ConcurrentChange

_ID = bindparam("which", type_=clients.c.id.type)
_CLIENT = select(clients.c.id).where(clients.c.id == _ID)
_interests = select(interests.c.id).where(interests.c.client_id == _ID)
_STEPS = (
    delete(client_numbers).where(client_numbers.c.client_id == _ID),
    delete(contact_numbers).where(contact_numbers.c.interest_id.in_(_interests)),
    update(contacts).where(contacts.c.interest_id.in_(_interests)).values(name=""),
    update(clients).where(clients.c.id == _ID).values(name=""),
)


class OwnForgetting:
    """`ports.ForgetfulDirectory` over our own tables; lives as long as its engine, which it doesn't close."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = Database(engine)

    async def forget_client(self, client_id: str) -> bool:
        try:
            async with self._database.writing() as work:
                if await work.row(_CLIENT, {"which": client_id}) is None:
                    return False
                for step in _STEPS:
                    await work.write(step, {"which": client_id})
                return True
        except (StoreUnavailable, ConcurrentChange):
            raise DirectoryUnavailable(retry_after=1) from None
