"""`telephony tokens`: who may ask the service, and for what."""

from __future__ import annotations

from collections.abc import Sequence

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.store.access_tokens import Tokens
from telephony_core.party import Permission
from telephony_http.commands.database import engine_of
from telephony_http.commands.failing import CommandError, WrongUse
from telephony_http.commands.said import complain, in_utc, say, say_json, say_table
from telephony_http.settings import Settings

SERVICE_PERMISSIONS = frozenset({Permission.CALL, Permission.SEE_FULL_NUMBERS, Permission.ACT_FOR_OTHERS})
"""What a service may do unless it is said otherwise: place calls in the name of its users."""


async def issue(employee: str | None, service: str | None, permissions: Sequence[str]) -> None:
    """Prints a new token, alone on its line, so that it can be piped."""
    if (employee is None) == (service is None):
        raise WrongUse("Say whose token it is: an EMPLOYEE's id, or --service NAME.")
    asked = _permissions(permissions)
    async with engine_of(Settings.load()) as engine:
        tokens = Tokens(engine)
        if service is not None:
            token = await tokens.issue(f"service:{service}", permissions=asked or SERVICE_PERMISSIONS)
        else:
            found = await OwnDirectory(engine).employee(employee or "")
            if found is None:
                raise CommandError(f"There is no employee {employee!r} in the directory.")
            token = await tokens.issue(found.id, employee_id=found.id, permissions=asked or found.permissions)
    complain("the token is shown this once:")
    say(token)


def _permissions(names: Sequence[str]) -> frozenset[Permission]:
    try:
        return frozenset(Permission(name) for name in names)
    except ValueError:
        raise WrongUse(f"--permission is one of: {', '.join(Permission)}.") from None


async def tell_all(*, as_json: bool) -> None:
    async with engine_of(Settings.load()) as engine:
        issued = await Tokens(engine).list()
    rows = [
        {
            "prefix": each.prefix,
            "whose": each.principal_id,
            "permissions": sorted(each.permissions),
            "created_at": in_utc(each.created_at),
            "revoked_at": in_utc(each.revoked_at),
            "has_left": each.has_left,
        }
        for each in issued
    ]
    if as_json:
        say_json(rows)
        return
    say_table(
        ("prefix", "whose", "state", "permissions"),
        [
            (
                str(row["prefix"]),
                str(row["whose"]),
                "revoked" if each.revoked_at else "employee not active" if each.has_left else "in force",
                " ".join(sorted(each.permissions)),
            )
            for row, each in zip(rows, issued, strict=True)
        ],
    )


async def revoke(prefix: str) -> None:
    async with engine_of(Settings.load()) as engine:
        if not await Tokens(engine).revoke(prefix):
            raise CommandError("No token in force begins so; `telephony tokens list` shows their beginnings.")
    say("Revoked; it is refused from now on.")
