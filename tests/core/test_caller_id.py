"""The policy that ships keeps the contract of every policy."""

from telephony_core.caller_id import CallerIdPolicy
from telephony_core.testing.contracts import CallerIdPolicyContract


class TestCallerIdPolicy(CallerIdPolicyContract):
    def make_policy(self) -> CallerIdPolicy:
        return CallerIdPolicy()
