"""Refusals in the provider's form: a status over 204 and JSON `{"errorCode", "description"}`.

The form is the public clients'; the codes are ours but for one, for no list of the provider's was available. Who maps
them must therefore not depend on a single one: an unknown code is still a refusal.
"""

from __future__ import annotations


class PortalError(Exception):
    """A request that the portal refused; nothing was done."""

    def __init__(self, status: int, error_code: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error_code = error_code
        self.description = description

    def body(self) -> dict[str, str]:
        return {"errorCode": self.error_code, "description": self.description}


def unauthorized() -> PortalError:
    return PortalError(401, "Unauthorized", "X-MPBX-API-AUTH-TOKEN is missing or wrong")


def bad_request(why: str) -> PortalError:
    return PortalError(400, "BadRequest", why)


def user_not_found() -> PortalError:
    """The one code and description that were seen, in an integration that asked for records; its status was not."""
    return PortalError(404, "UserNotFound", "Для заданного идентификатора нет абонента")


def agent_not_found() -> PortalError:
    return PortalError(404, "AgentNotFound", "The abonent is not an agent")


def invalid_phone_number() -> PortalError:
    return PortalError(400, "InvalidPhoneNumber", "phoneNumber is missing or can not be dialled")


def abonent_busy() -> PortalError:
    return PortalError(409, "AbonentBusy", "The abonent already has a call")


def agent_on_break() -> PortalError:
    return PortalError(409, "AgentOnBreak", "The agent is on a break and does not get calls")


def method_not_allowed() -> PortalError:
    return PortalError(405, "MethodNotAllowed", "Method Not Allowed")


def operation_failed() -> PortalError:
    return PortalError(409, "OperationFailed", "The operation failed")


def call_not_found() -> PortalError:
    return PortalError(404, "CallNotFound", "The abonent has no such call")


def not_found(what: str) -> PortalError:
    return PortalError(404, f"{what}NotFound", f"{what} not found")
