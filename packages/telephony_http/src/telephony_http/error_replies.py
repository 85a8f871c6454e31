"""How a refusal looks over HTTP: one table of statuses, one form (`application/problem+json`, RFC 9457).

A problem is `{type, title, status, detail, code}` and the refusal's reasons as further members. Nothing of it is
personal data, nothing shows how the service is made; what was not foreseen is logged under an id that the reply names.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotAuthorizedException, ValidationException
from litestar.types import ExceptionHandlersMap

from telephony_core.errors import IdempotencyKeyMissing, InvalidRequest, NotFound, TelephonyError
from telephony_core.phone import masked_in
from telephony_http.limits import SAYS
from telephony_http.request_log import request_id_of

log = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, State]

PROBLEM = "application/problem+json"
TYPE = "urn:telephony:problem:"
"""What `type` begins with: a name, not an address. The code after it is the one that `code` repeats."""

AUTHENTICATE = 'Bearer realm="telephony"'

STATUS: Mapping[str, int] = {
    "invalid_request": 400,
    "idempotency_key_missing": 400,
    "not_authenticated": 401,
    "not_permitted": 403,
    "call_of_another_employee": 403,
    "client_not_found": 404,
    "interest_not_found": 404,
    "employee_not_found": 404,
    "call_not_found": 404,
    "device_not_found": 404,
    "pool_not_found": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "employee_busy": 409,
    "number_being_called": 409,
    "call_has_live_attempt": 409,
    "request_in_progress": 409,
    "previous_outcome_unknown": 409,
    "no_live_attempt": 409,
    "carousel_conflict": 409,
    "events_not_kept": 410,
    "stale_version": 412,
    "request_too_large": 413,
    "unsupported_media_type": 415,
    "device_not_eligible": 422,
    "phone_number_not_of_target": 422,
    "phone_number_not_callable": 422,
    "destination_not_allowed": 422,
    "no_phone_numbers": 422,
    "no_usable_number": 422,
    "call_of_another_target": 422,
    "call_closed": 422,
    "idempotency_key_reused": 422,
    "not_supported_by_provider": 422,
    "too_many_requests": 429,
    "internal_error": 500,
    "provider_refused": 502,
    "provider_unavailable": 503,
    "directory_unavailable": 503,
    "store_unavailable": 503,
    "service_stopping": 503,
}
"""Every code that this service answers with. A code that the core has and this table hasn't is a fault: 500."""

IDEMPOTENCY_KEY = "Idempotency-Key"
_MISSING = re.compile(r"Missing required [a-z]+ parameter '([A-Za-z_-]+)'")

_UNLIKE = re.compile(r"Expected `str` matching regex (.*)\Z", re.DOTALL)

_GONE = "client disconnected prematurely"
"""What the framework says, as a fault of its own, where a request ends in the middle of its body."""

_RETRY_WHEN_AWAY = 5
"""Seconds for Retry-After where what is away didn't say when it comes back."""


class NotAuthenticated(TelephonyError):
    """Send a token that is in force: `Authorization: Bearer …`."""

    code = "not_authenticated"


class NoSuchPlace(NotFound):
    """There is nothing at this address; the addresses are listed at /schema."""

    code = "not_found"


class MethodNotAllowed(TelephonyError):
    """This address doesn't know this method; the header Allow names those that it knows."""

    code = "method_not_allowed"


class RequestTooLarge(TelephonyError):
    """The body is larger than is accepted here."""

    code = "request_too_large"


class UnsupportedMediaType(TelephonyError):
    """The body must be JSON, sent as `Content-Type: application/json`."""

    code = "unsupported_media_type"


class ServiceStopping(TelephonyError):
    """The service is about to end and begins nothing new; nothing was done, so repeat the request after Retry-After."""

    code = "service_stopping"


class InternalError(TelephonyError):
    """Something went wrong in the service itself; it was logged under the `error_id`."""

    code = "internal_error"


_OF_HTTP: Mapping[int, type[TelephonyError]] = {
    401: NotAuthenticated,
    404: NoSuchPlace,
    405: MethodNotAllowed,
    413: RequestTooLarge,
    415: UnsupportedMediaType,
}


def problem(error: TelephonyError) -> dict[str, Any]:
    """The body of a refusal."""
    status = STATUS.get(error.code, 500)
    standard = {
        "type": f"{TYPE}{error.code}",
        "title": error.title(),
        "status": status,
        "detail": masked_in(error.detail),
        "code": error.code,
    }
    wait = {} if error.retry_after is None else {"retry_after": error.retry_after}
    return {**standard, **_errors(error), **error.reasons, **wait, **standard}


def _errors(error: TelephonyError) -> dict[str, Any]:
    """Wrong fields stand in `errors`, also where the core names one by itself."""
    field = error.reasons.get("field")
    if not isinstance(error, InvalidRequest) or field is None:
        return {}
    return {"errors": [{"field": str(field), "message": masked_in(error.detail)}]}


def refusal(request: AnyRequest, error: TelephonyError) -> Response[bytes]:
    """The reply to a refusal of the core, or to one of this module's own."""
    if error.code not in STATUS:
        return unexpected(request, error)
    status = STATUS[error.code]
    headers: dict[str, str] = {}
    if error.retry_after is None and status == HTTPStatus.SERVICE_UNAVAILABLE:
        error.retry_after = _RETRY_WHEN_AWAY
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = AUTHENTICATE
    return Response(msgspec.json.encode(problem(error)), status_code=status, media_type=PROBLEM, headers=headers)


def of_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """The reply to what the framework refuses: unknown addresses and methods, bodies that are too large."""
    if isinstance(error, ValidationException):
        return refusal(request, _invalid(request, error))
    kind = _OF_HTTP.get(error.status_code)
    if kind is None and (400 <= error.status_code < 500 or error.detail == _GONE):
        kind = InvalidRequest
    if kind is None:
        return unexpected(request, error)
    reply = refusal(request, kind())
    for name, value in (error.headers or {}).items():
        if name.lower() == "allow":
            reply.set_header("Allow", value)
    return reply


def unexpected(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The reply to a fault of ours: no word of what it was, but where to find it in the log."""
    error_id = request_id_of(request.scope)
    log.error("internal error %s", error_id, exc_info=error)
    return refusal(request, InternalError(error_id=error_id))


def invalid_field(field: str, message: str) -> InvalidRequest:
    """The refusal that names one field and says what is expected there, never what was found."""
    return InvalidRequest(f"{field}: {message}" if field else message, errors=[{"field": field, "message": message}])


def _invalid(request: AnyRequest, error: ValidationException) -> InvalidRequest:
    """The framework's complaints of path, query and headers, without the values that it quotes."""
    if missing := _MISSING.match(error.detail):
        if missing[1] == IDEMPOTENCY_KEY:
            return IdempotencyKeyMissing(errors=[{"field": IDEMPOTENCY_KEY, "message": "This header is required"}])
        return invalid_field(missing[1], "This is required")
    complaints = error.extra if isinstance(error.extra, list) else []
    if any(each.get("key") == "data" and each["message"] == "'data'" for each in complaints):
        return invalid_field("", "The body is empty; JSON is expected")
    errors = [
        {"field": _name_outside(request, str(each.get("key", ""))), "message": expected(str(each["message"]))}
        for each in complaints
    ]
    if not errors:
        return InvalidRequest()
    return InvalidRequest("; ".join(f"{each['field']}: {each['message']}" for each in errors), errors=errors)


def _name_outside(request: AnyRequest, argument: str) -> str:
    """What a handler's argument is called by who sends it: `If-Match`, `state`."""
    field = request.route_handler.parsed_fn_signature.parameters.get(argument)
    return getattr(field.kwarg_definition, "name", None) or argument if field is not None else argument


def expected(message: str) -> str:
    """A message of msgspec's, without the value that some of them quote."""
    message = message.split(" - at `", maxsplit=1)[0]
    if unlike := _UNLIKE.match(message):
        return SAYS.get(unlike[1], "This is not written as it is expected here")
    if message.startswith("Invalid enum value"):
        return "Not one of the values that are allowed here"
    if message.startswith("Invalid value"):
        return "Not a value that is allowed here"
    return masked_in(message)


HANDLERS: ExceptionHandlersMap = {
    TelephonyError: refusal,
    HTTPException: of_http,
    NotAuthorizedException: of_http,
    Exception: unexpected,
}
