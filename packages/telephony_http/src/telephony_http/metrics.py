"""What the service counts, for Prometheus: requests by route, initiations by result, reports by what became of them.

A registry of its own for each app. Labels are routes, methods and codes; never an id, a number or a person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from attrs import frozen
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from telephony_core.caller_id import Verdict
from telephony_core.ports import Store

# Litestar adds the charset.
CONTENT_TYPE = "text/plain; version=0.0.4"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


PENDING = "pending"
"""In the place of a verdict: the provider may still tell the number."""

_VERDICTS_OF = timedelta(hours=24)


class Metrics:
    """Lives as long as its app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "telephony_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "telephony_request_seconds", "Time to answer", ["method", "route"], buckets=_SECONDS, registry=self.registry
        )
        self._initiations = Counter(
            "telephony_initiations",
            "Initiations by result: placed, planned, replayed, or the code of the refusal",
            ["result"],
            registry=self.registry,
        )
        self._reports = Counter(
            "telephony_provider_reports",
            "Reports of providers: applied, repeated, without_news, malformed, of_nobody, or not_stored",
            ["provider", "result"],
            registry=self.registry,
        )

        self._streams = Gauge("telephony_event_streams", "Event streams that are open", registry=self.registry)
        self._streams_ended = Counter(
            "telephony_event_streams_ended",
            "Event streams by why they ended: left, too_slow, stopping, not_authenticated, or the code of a refusal",
            ["reason"],
            registry=self.registry,
        )

        self._verdicts = Gauge(
            "telephony_shown_number_verdicts",
            "Attempts of the last 24 hours by the verdict on the number that the client saw; pending: none yet",
            ["verdict"],
            registry=self.registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def initiation(self, result: str) -> None:
        self._initiations.labels(result).inc()

    def report(self, provider: str, result: str) -> None:
        self._reports.labels(provider, result).inc()

    def verdicts(self, counts: Mapping[str, int]) -> None:
        """How many attempts have which verdict; what is not named has none."""
        for verdict in (*Verdict, PENDING):
            self._verdicts.labels(verdict).set(counts.get(verdict, 0))

    def stream_opened(self) -> None:
        self._streams.inc()

    def stream_ended(self, reason: str) -> None:
        self._streams.dec()
        self._streams_ended.labels(reason).inc()

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)


@frozen
class VerdictsCounted:
    """Brings the verdicts of the last day from the store into the metrics (C10); refreshed now and then."""

    store: Store
    metrics: Metrics

    async def refresh(self) -> None:
        """May raise `StoreUnavailable`: the figures stay what they were."""
        async with self.store.read() as uow:
            now = await uow.now()
            counts = await uow.calls.verdict_counts(now - _VERDICTS_OF, now, None)
        self.metrics.verdicts({verdict or PENDING: times for verdict, times in counts.items()})
