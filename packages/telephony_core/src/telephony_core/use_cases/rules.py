"""The company's rules in one value, handed to every use case; made once from the settings."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from telephony_core.call_facts import TimeLimits
from telephony_core.caller_id import CallerIdPolicy
from telephony_core.dialling import DiallingRules


@frozen
class Rules:
    """`call_open_for`: when a Call closes by itself (K6). `key_lifetime`: how long a key names its Call (K4).

    `shown_wait`: how long after its end an attempt's shown number may still be reported before it counts as not.
    `attribution_window`: how long after an attempt a call-back may be its (B1). `retention`: how long clients' numbers
    are kept in what has been (P3).
    """

    policy: CallerIdPolicy = CallerIdPolicy()
    dialling: DiallingRules = DiallingRules()
    limits: TimeLimits = TimeLimits()
    call_open_for: timedelta = timedelta(days=30)
    key_lifetime: timedelta = timedelta(hours=24)
    shown_wait: timedelta = timedelta(minutes=15)
    attribution_window: timedelta = timedelta(days=30)
    retention: timedelta = timedelta(days=365)
