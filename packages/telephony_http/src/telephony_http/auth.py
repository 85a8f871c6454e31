"""Who asks: the bearer token of a request made into the core's `Principal`.

Tokens are looked up at each request, so that a revoked one is refused at once. The look-up is by the token's digest,
which a guess of the token can't be steered towards; the store compares in constant time besides.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from telephony_core.party import Principal
from telephony_http.error_replies import NotAuthenticated

_BEARER = re.compile(r"Bearer +([!-~]{1,500}) *\Z", re.IGNORECASE)


class Tokens(Protocol):
    """Which tokens are in force."""

    async def principal_of(self, token: str) -> Principal | None:
        """Whose token it is; None if it is nobody's, or revoked. May raise `StoreUnavailable`."""


class TokenAuthentication(AbstractAuthenticationMiddleware):
    """Refuses who has no token before anything else of the request is looked at."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        found = _BEARER.match(connection.headers.get("authorization", ""))
        if found is None:
            raise NotAuthenticated
        tokens: Tokens = connection.app.state.parts.tokens
        principal = await tokens.principal_of(found[1])
        if principal is None:
            raise NotAuthenticated("This token is not in force.")
        return AuthenticationResult(user=principal, auth=found[1])
