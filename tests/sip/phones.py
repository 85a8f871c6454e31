"""Phones and the operator's trunk: SIPp processes that do what a scenario says, and write down what reached them.

Each is a UAS on a port of its own. What came and went stands in its message file, from which a test counts INVITEs and
reads headers; a repeated INVITE of one dialogue (a retransmission) has the same Call-ID and is counted once.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from email.message import Message
from email.parser import Parser
from pathlib import Path

from attrs import frozen
from tests.journeys.stage import eventually
from tests.sip.pbx import free_ports, program
from tests.sip.voice import SAMPLES, Voice

_SDP = """v=0
o=user 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio {media} RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""
_HEADERS = """[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
[last_CSeq:]
"""
_OF_REQUEST = """[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
"""
_SESSION = "Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n"
# A BYE of ours: who called is whom it goes to.
_HANGS_UP = """BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
To:[$caller]
[last_Call-ID:]
CSeq: 1 BYE
Max-Forwards: 70
Content-Length: 0
"""


def _send(text: str, *, retransmits: bool = False) -> str:
    attribute = ' retrans="500"' if retransmits else ""
    return f"<send{attribute}><![CDATA[\n\n{text}\n]]></send>\n"


def _answer(status: str, more: str = "Content-Length: 0\n") -> str:
    return _send(f"SIP/2.0 {status}\n{_HEADERS}{more}", retransmits=not status.startswith("1"))


_INVITED = """<recv request="INVITE" crlf="true" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/></action></recv>
<Reference variables="caller"/>
"""
_RINGS = _answer("180 Ringing", f"{_SESSION}Content-Length: 0\n")
_TAKES = (
    _answer("200 OK", f"{_SESSION}Content-Type: application/sdp\nContent-Length: [len]\n\n{_SDP}")
    + '<recv request="ACK" rtd="true" crlf="true"/>\n'
)
_IS_HUNG_UP = '<recv request="BYE" timeout="60000"/>\n' + _send(f"SIP/2.0 200 OK\n{_OF_REQUEST}")


@frozen
class Person:
    """What somebody does when their phone is called; milliseconds. `says`: the sound of their voice, None: silence."""

    scenario: str
    says: bytes | None = None

    @classmethod
    def answers(
        cls, after: int = 300, *, rings: bool = True, hangs_up_after: int | None = None, says: bytes | None = None
    ) -> Person:
        """Lets it ring, takes it, and talks until the other side hangs up, or for so long. Not `rings`: the caller is
        told nothing before, as while an operator looks for a mobile."""
        end = _IS_HUNG_UP
        if hangs_up_after is not None:
            end = f'<pause milliseconds="{hangs_up_after}"/>\n' + _send(_HANGS_UP, retransmits=True)
            end += '<recv response="200"/>\n'
        meanwhile = _RINGS if rings else _answer("100 Trying")
        return cls(_INVITED + meanwhile + f'<pause milliseconds="{after}"/>\n' + _TAKES + end, says)

    @classmethod
    def refuses(cls, status: str) -> Person:
        """`486 Busy Here` and the like."""
        return cls(_INVITED + _answer(status) + '<recv request="ACK"/>\n')

    @classmethod
    def lets_ring(cls) -> Person:
        """Never takes it: rings until the caller gives up."""
        return cls(
            _INVITED
            + _RINGS
            + '<recv request="CANCEL" timeout="60000"/>\n'
            + _send(f"SIP/2.0 200 OK\n{_OF_REQUEST}")
            + _send(f"SIP/2.0 487 Request Terminated\n{_INVITE_HEADERS}", retransmits=True)
            + '<recv request="ACK"/>\n'
        )


# The INVITE's own headers, when its CANCEL has come in between.
_INVITE_HEADERS = """[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
CSeq: [last_cseq_number] INVITE
Content-Length: 0
"""


@frozen
class Invite:
    """An INVITE that reached a phone: when, for which number or name, and its headers (the payload is its SDP)."""

    at: datetime
    to: str
    headers: Message

    def number_in(self, header: str) -> str:
        """The number that a header shows: the user part of its SIP address."""
        found = re.search(r"sip:([^@>;]+)@", self.headers[header] or "")
        return found[1] if found else ""


@frozen
class Phone:
    """A phone at work; `messages` is SIPp's own record of what came and went."""

    messages: Path
    _voice: Voice | None = None

    @property
    def voice(self) -> Voice:
        """Of a person who says something."""
        assert self._voice is not None, "nobody speaks at this phone"
        return self._voice

    def invites(self, to: str | None = None) -> list[Invite]:
        """The INVITEs that reached it, one of each dialogue; only those for a number or name, if one is given."""
        found: dict[str, Invite] = {}
        for at, line, headers in self._received("INVITE"):
            found.setdefault(headers["Call-ID"], Invite(at, line.partition("sip:")[2].partition("@")[0], headers))
        return [each for each in found.values() if to in {None, each.to}]

    def media_port(self) -> int | None:
        """Where Asterisk takes this phone's sound; None before anybody called."""
        for each in self.invites():
            found = re.search(r"^m=audio (\d+) ", str(each.headers.get_payload()), re.MULTILINE)
            if found is not None:
                return int(found[1])
        return None

    def received(self, method: str) -> int:
        """How many requests of a method reached it, retransmissions included."""
        return len(self._received(method))

    def _received(self, method: str) -> list[tuple[datetime, str, Message]]:
        if not self.messages.exists():
            return []
        text = self.messages.read_text("utf-8", "replace").replace("\r\n", "\n")
        found = re.findall(
            rf"-+ (\S+)\n\w+ message received \[\d+\] bytes *:\n\n({method} [^\n]*)\n(.*?)(?=\n-{{10}}|\Z)",
            text,
            re.DOTALL,
        )
        return [(datetime.fromisoformat(at), line, Parser().parsestr(headers)) for at, line, headers in found]


@contextmanager
def phone(suite: Path, folder: Path, name: str, port: int, person: Person) -> Iterator[Phone]:
    """Somebody's phone on a port; ended afterwards."""
    scenario, messages = (folder / f"{name}.{end}" for end in ("xml", "messages"))
    with ExitStack() as stack:
        made, media = Phone(messages), "[media_port]"
        if person.says is not None:
            voice = Voice(person.says, made.media_port)
            stack.enter_context(voice.at_work())
            made, media = Phone(messages, voice), str(voice.port)
        scenario.write_text(
            '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
            f'<scenario name="{name}">\n{person.scenario.replace("{media}", media)}</scenario>\n'
        )
        unused, control = free_ports(2)
        command = [
            *program(suite, "usr/bin/sipp"),
            *("-sf", str(scenario), "-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", str(port)),
            *("-ci", "127.0.0.1", "-cp", str(control)),
            *("-min_rtp_port", str(unused), "-max_rtp_port", str(unused + 20)),
            *("-nostdin", "-trace_msg", "-message_file", str(messages), "-message_overwrite", "true"),
        ]
        out = stack.enter_context((folder / f"{name}.out").open("wb"))
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder)
        try:
            yield made
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)


EMPLOYEES, CLIENTS = bytes([0x2A]) * SAMPLES, bytes([0xB3]) * SAMPLES
"""What they say."""


def they_hear_each_other(phone: Phone, trunk: Phone) -> None:
    """Half a second of each other's voice, as it reached the phones."""
    mine, theirs = phone.voice, trunk.voice
    before = mine.hears(theirs), theirs.hears(mine)
    eventually(
        lambda: (mine.hears(theirs), theirs.hears(mine)),
        lambda now: now[0] >= before[0] + 25 and now[1] >= before[1] + 25,
        what="25 packets of each other's voice",
    )
