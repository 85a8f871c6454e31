"""Follows what happens to Calls, as it happens: the stream of events, for those who may read it (P4)."""

from __future__ import annotations

from attrs import evolve, frozen

from telephony_core.events import EventFilter
from telephony_core.party import Permission, Principal
from telephony_core.ports import EventFeed, EventSubscription


@frozen
class FollowEvents:
    feed: EventFeed

    async def __call__(self, principal: Principal, wanted: EventFilter, after: int | None) -> EventSubscription:
        """Read what fits from after a position on, None: from now on; one's own unless one may act for others (P4).

        What the events say holds no full number (P2). `EventsNotKept` where that position can't be resumed from.
        """
        if not principal.may(Permission.ACT_FOR_OTHERS):
            wanted = evolve(wanted, employee_id=principal.acting_employee(wanted.employee_id))
        return await self.feed.subscribe(wanted, after)
