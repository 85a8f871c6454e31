"""What is thrown at the report endpoint: events grown from XSI's grammar and bent, and bytes; equal for equal seeds."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from random import Random

from attrs import frozen
from tests.adapters.gateways.xsi_samples import EVENT_NAMES, PERSONALITIES, STATES, a_call, an_event

_ODD_TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "99999999999999999999999999",
    "NaN",
    "2026-11-23T09:15:03",
    "2026-13-45T99:99:99Z",
    "1732398765432:1",
    "tel:+79139123456",
    "tel:" + "9" * 300,
    "sip:9067010101@ip.beeline.ru",
    "true",
    "Ω" * 40,
    "я" * 300,
    "\U0001f4de",
    "\u202e\u2066",
    "'; DROP TABLE provider_reports; --",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "\r\n\t",
    "a" * 251,
    "<![CDATA[<xsi:eventID>]]>",
)
_ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
)
_HEADS = ("utf-8", "utf-16", "windows-1251", "koi8-r", "ascii", "utf-7", "no-such-encoding")
_CHUNKS = (
    b"\x00",
    b"\xff\xfe",
    b"&#0;",
    b"&#x110000;",
    b"&lol;",
    b"]]>",
    b"<!--",
    b"<?x?>",
    b"</xsi:Event>",
    b"<xsi:call>",
)


@frozen
class Input:
    """One request's body and its Content-Type; `kind` for the figures."""

    kind: str
    body: bytes
    content_type: bytes = b"application/xml; charset=UTF-8"


class Inputs:
    """Grows inputs. `references` and `lines` are names of attempts that reports may be about."""

    def __init__(self, seed: int, references: tuple[str, ...], lines: tuple[str, ...]) -> None:
        self._random = Random(seed)
        self._references = references
        self._lines = lines
        self._ways: tuple[tuple[str, Callable[[], bytes]], ...] = (
            ("event", self._event),
            ("odd event", self._odd_event),
            ("bent event", self._bent),
            ("spliced events", self._spliced),
            ("other encoding", self._encoded),
            ("entities", self._entities),
            ("deep or wide", self._deep),
            ("bytes", self._bytes),
        )
        self._made = 0

    def next(self) -> Input:
        kind, grow = self._random.choices(self._ways, weights=(4, 6, 6, 2, 2, 1, 0.2, 2))[0]
        return Input(kind, grow(), self._random.choice((b"application/xml; charset=UTF-8", b"text/xml", b"", b"\xff")))

    def _event(self) -> bytes:
        """A proper event; of an attempt that is known, now and then."""
        pick, self._made = self._random.choice, self._made + 1
        event_id = f"event-{self._made}" if self._random.random() < 0.9 else f"event-{self._random.randrange(20)}"
        call = a_call(
            pick(PERSONALITIES),
            pick(STATES),
            tracking_id=pick((*self._references, None, f"{self._random.randrange(10**13)}:1")),
            by=pick((None, "localRelease", "remoteRelease")),
            cause=pick((None, "Busy", "Forbidden", "Temporarily Unavailable")),
            iso=self._random.random() < 0.2,
            address=pick(("tel:+79139123456", "tel:+79139000002", "sip:1001", None)),
        )
        event = an_event(
            pick((*EVENT_NAMES, "HookStatusEvent", "SubscriptionTerminatedEvent")),
            call,
            event_id=event_id,
            subscription_id=pick(("subscription-1", "subscription-1", f"subscription-{self._made}")),
            sequence=pick((str(self._made), str(900 * self._made), "7", None)),
            attribute=pick(("xsi1:type", "xsi:type")),
        )
        return event.replace(b"9067010101@ip.beeline.ru", pick((*self._lines, "9067010101@ip.beeline.ru")).encode())

    def _odd_event(self) -> bytes:
        """An event with odd texts, elements that are missing, there twice, or in another namespace."""
        event = self._event().decode()
        for _ in range(self._random.randint(1, 4)):
            names = ("eventID", "sequenceNumber", "userId", "subscriptionId", "extTrackingId", "personality", "state")
            name = self._random.choice((*names, "address", "startTime", "answerTime", "releaseTime", "targetId"))
            first, found, rest = event.partition(f"<xsi:{name}>")
            text, closed, rest = rest.partition(f"</xsi:{name}>")
            if not found or not closed:
                continue
            odd = self._random.choice(_ODD_TEXTS)
            element = f"<xsi:{name}>{odd if odd.startswith('<!') else escape(odd)}</xsi:{name}>"
            whole = f"<xsi:{name}>{text}</xsi:{name}>"
            event = (
                first
                + self._random.choice((element, element, element, "", whole * 2, f"<{name}>{text}</{name}>"))
                + rest
            )
        return event.encode("utf-8", "replace")

    def _bent(self) -> bytes:
        """An event with some of its bytes changed, cut out, doubled or put in."""
        body = bytearray(self._event())
        for _ in range(self._random.randint(1, 8)):
            at = self._random.randrange(len(body) + 1)
            match self._random.randrange(5):
                case 0 if at < len(body):
                    body[at] ^= 1 << self._random.randrange(8)
                case 1:
                    del body[at : at + self._random.randint(1, 60)]
                case 2:
                    body[at:at] = body[at : at + self._random.randint(1, 200)]
                case 3:
                    body[at:at] = self._random.choice(_CHUNKS)
                case _:
                    del body[at:]
            if not body:
                break
        return bytes(body)

    def _spliced(self) -> bytes:
        one, other = self._event(), self._event()
        return one[: self._random.randrange(len(one))] + other[self._random.randrange(len(other)) :]

    def _encoded(self) -> bytes:
        text = self._odd_event().decode("utf-8", "replace")
        declared, real = self._random.choice(_HEADS), self._random.choice(_HEADS[:4])
        return text.replace("UTF-8", declared).encode(real, "replace")

    def _entities(self) -> bytes:
        event = self._event()
        head, _, rest = event.partition(b"\n")
        return head + b"\n" + self._random.choice(_ENTITIES) + rest.replace(b"event-", b"&b;&f;", 1)

    def _deep(self) -> bytes:
        n = self._random.choice((100, 3_000, 9_000))
        match self._random.randrange(3):
            case 0:
                return b"<a>" * n + b"</a>" * n
            case 1:
                return self._event().replace(b"<xsi:call>", b"<xsi:call>" + b"<xsi:x/>" * n)
            case _:
                return self._event() + b" " * (n * 20)

    def _bytes(self) -> bytes:
        return self._random.randbytes(self._random.choice((0, 1, 3, 40, 700)))
