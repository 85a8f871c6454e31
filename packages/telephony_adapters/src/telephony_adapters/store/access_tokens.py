"""Access tokens: shown once, stored as a digest, looked up at each request.

A token is 256 random bits, so its SHA-256 needs neither salt nor slowness; the digest is the primary key, and a guess
can't be steered towards one. `telephony_` in front lets scanners of leaked secrets know whose it is.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.tables import access_tokens, employees
from telephony_adapters.store.transaction import Database
from telephony_core.party import Permission, Principal

BEGINNING: Final = "telephony_"
_PREFIX_LENGTH: Final = len(BEGINNING) + 8
"""What is kept in the clear to name a token by; the 35 signs after it stay unknown."""

_HAS_LEFT = exists().where(employees.c.id == access_tokens.c.employee_id, ~employees.c.active)
_PRINCIPAL = select(access_tokens).where(
    access_tokens.c.sha256 == bindparam("sha256"), access_tokens.c.revoked_at.is_(None), ~_HAS_LEFT
)
_ALL = select(access_tokens, _HAS_LEFT.label("has_left")).order_by(access_tokens.c.created_at, access_tokens.c.prefix)
_REVOKE = update(access_tokens).where(
    access_tokens.c.prefix == bindparam("which"), access_tokens.c.revoked_at.is_(None)
)
_REVOKE_ALL = update(access_tokens).where(
    access_tokens.c.principal_id == bindparam("whose"), access_tokens.c.revoked_at.is_(None)
)


@frozen
class IssuedToken:
    """A token as it is listed: its beginning, whose it is, what it may."""

    prefix: str
    principal_id: str
    employee_id: str | None
    permissions: frozenset[Permission]
    created_at: datetime
    revoked_at: datetime | None
    has_left: bool
    """Of an employee who isn't active: it opens nothing until they are."""


class Tokens:
    """The tokens in force; made once, lives as long as its engine. Every method may raise `StoreUnavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = Database(engine)

    async def issue(
        self, principal_id: str, *, employee_id: str | None = None, permissions: Iterable[Permission]
    ) -> str:
        """Make a token and return it: the only time that it is seen. `principal_id` is whose Idempotency-Keys are used
        with it, so it stays the same from token to token; `employee_id` None for a service."""
        token = BEGINNING + secrets.token_urlsafe(32)
        async with self._database.writing() as work:
            row = {
                "sha256": _digest(token),
                "prefix": token[:_PREFIX_LENGTH],
                "principal_id": principal_id,
                "employee_id": employee_id,
                "permissions": sorted(permission.value for permission in permissions),
                "created_at": await work.now(),
            }
            await work.write(insert(access_tokens), row)
        return token

    async def principal_of(self, token: str) -> Principal | None:
        """Whose token it is; None if it is nobody's, or revoked, or of an employee who isn't active (own tables)."""
        row = await self._database.row(_PRINCIPAL, {"sha256": _digest(token)})
        if row is None:
            return None
        return Principal(row.principal_id, row.employee_id, frozenset(map(Permission, row.permissions)))

    async def list(self) -> tuple[IssuedToken, ...]:
        """All tokens, the revoked ones too, the oldest first."""
        rows = await self._database.rows(_ALL)
        return tuple(
            IssuedToken(
                row.prefix,
                row.principal_id,
                row.employee_id,
                frozenset(map(Permission, row.permissions)),
                row.created_at,
                row.revoked_at,
                row.has_left,
            )
            for row in rows
        )

    async def revoke(self, token: str) -> bool:
        """Revoke a token, named by its listed beginning or given whole. False if none such is in force."""
        async with self._database.writing() as work:
            changed = {"which": token[:_PREFIX_LENGTH], "revoked_at": await work.now()}
            return await work.write(_REVOKE, changed) > 0

    async def revoke_all_of(self, principal_id: str) -> int:
        """Revoke all tokens of a principal. Returns how many were in force."""
        async with self._database.writing() as work:
            return await work.write(_REVOKE_ALL, {"whose": principal_id, "revoked_at": await work.now()})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
