"""A real Asterisk as a process: the configuration of docs/operate/asterisk.md on free ports of the loopback.

The suite that `tests/sip/install` unpacks is only read; what Asterisk writes stays in a folder of the test. Its pid is
its own, and its end is SIGTERM.
"""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Any

import httpx2
from attrs import define, field, frozen

INSTALL = Path(__file__).parent / "install"
DOCUMENT = Path(__file__).parents[2] / "docs" / "operate" / "asterisk.md"
STARTS_WITHIN = 20.0
OFFLINE_PHONE = "1018"
"""A line whose phone never registers."""
DEAD_PHONE = "1019"
"""A line whose phone is registered and switched off: nobody is at its address."""
PHONE = "1017"
_RTP = range(21_000, 21_400)
_PORTS = range(22_000, 32_000)
"""Below those that the system gives to who asks for any: a phone that is switched off must not lose its port."""
USER, PASSWORD = "telephony", "secret"
READER = "reader"
"""An account that may change nothing, with the same password."""

# Enough for SIP, RTP and ARI. `require`: without one of them Asterisk would start, and answer, and have no SIP.
_MODULES = """
res_sorcery_config res_sorcery_memory res_sorcery_astdb res_timing_timerfd res_http_websocket res_pjproject res_pjsip
res_pjsip_pubsub res_pjsip_session res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_endpoint_identifier_ip
res_pjsip_endpoint_identifier_user res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_header_funcs res_rtp_asterisk chan_pjsip codec_ulaw codec_alaw
bridge_simple bridge_softmix bridge_native_rtp bridge_holding pbx_config func_callerid func_channel res_stasis
res_websocket_client res_stasis_answer res_stasis_playback res_stasis_recording res_stasis_snoop
res_stasis_device_state app_stasis res_ari_model res_ari res_ari_applications res_ari_asterisk res_ari_bridges
res_ari_channels res_ari_endpoints res_ari_events
""".split()
_EMPTY = "cdr cel features udptl ccss stasis".split()


class CannotInstall(Exception):
    """Asterisk can't be had on this machine; the message says what is missing."""


def suite() -> Path:
    """The folder with Asterisk and SIPp, fetched if it isn't there yet."""
    done = subprocess.run([str(INSTALL)], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotInstall(done.stderr.strip())
    return Path(done.stdout.strip())


def program(folder: Path, path: str) -> list[str]:
    """How a program of the suite is run."""
    return [str(folder / "run"), path]


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> list[int]:
    """Ports of the loopback that nobody has at the moment."""
    sockets: list[socket.socket] = []
    with ExitStack() as stack:
        for port in SystemRandom().sample(_PORTS, len(_PORTS)):
            each = stack.enter_context(socket.socket(socket.AF_INET, kind))
            with suppress(OSError):
                each.bind(("127.0.0.1", port))
                sockets.append(each)
            if len(sockets) == count:
                return [each.getsockname()[1] for each in sockets]
    raise AssertionError("no port is free")


@frozen
class Ports:
    """Where everybody is: ARI (TCP), Asterisk's SIP, the phone's, the operator's and that of nobody (UDP)."""

    ari: int
    sip: int
    phone: int
    trunk: int
    dead: int

    @classmethod
    def free(cls) -> Ports:
        (ari,) = free_ports(1, socket.SOCK_STREAM)
        return cls(ari, *free_ports(4))


@define
class Pbx:
    """An Asterisk. `ari` asks it as an administrator would, beside the service."""

    suite: Path
    folder: Path
    ports: Ports
    ari: httpx2.Client
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it, for the first time or again, and wait until it answers."""
        configuration = write_configuration(self.suite, self.folder, self.ports)
        with (self.folder / "asterisk.out").open("ab") as out:
            self.process = subprocess.Popen(
                [*program(self.suite, "usr/sbin/asterisk"), "-C", str(configuration), "-f", "-n"],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        _wait_until_ready(self, self.process)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.ari}"

    def get(self, path: str) -> Any:
        answer = self.ari.get(f"{self.url}/ari/{path}")
        answer.raise_for_status()
        return answer.json()

    def channels(self) -> list[dict[str, Any]]:
        return self.get("channels")

    def hang_up_all(self) -> None:
        for channel in self.channels():
            self.ari.delete(f"{self.url}/ari/channels/{channel['id']}")


@contextmanager
def asterisk(suite: Path, folder: Path) -> Iterator[Pbx]:
    """A running Asterisk on free ports; ended afterwards."""
    with httpx2.Client(auth=(USER, PASSWORD), timeout=5, trust_env=False) as ari:
        pbx = Pbx(suite, folder, Ports.free(), ari)
        try:
            pbx.start()
            yield pbx
        finally:
            pbx.stop()


def _wait_until_ready(pbx: Pbx, process: subprocess.Popen[bytes]) -> None:
    """A port that listens is not enough: SIP must run."""
    end = time.monotonic() + STARTS_WITHIN
    while True:
        if process.poll() is not None:
            raise AssertionError(f"Asterisk ended with {process.returncode}: {_tail(pbx.folder)}")
        try:
            if pbx.get("asterisk/modules/chan_pjsip.so")["status"] == "Running":
                return
        except (httpx2.HTTPError, KeyError):
            pass
        if time.monotonic() > end:
            raise AssertionError(f"Asterisk was not ready in {STARTS_WITHIN:.0f} s: {_tail(pbx.folder)}")
        time.sleep(0.05)


def _tail(folder: Path) -> str:
    return (folder / "asterisk.out").read_text("utf-8", "replace")[-2000:]


def write_configuration(suite: Path, folder: Path, ports: Ports) -> Path:
    """The document's blocks with this test's addresses, and what Asterisk needs besides. The path of asterisk.conf."""
    etc = folder / "etc"
    for name in ("etc", "cache", "varlib", "db", "keys", "agi", "spool", "run", "log"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    blocks = dict(re.findall(r"^```ini (\S+)\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.DOTALL | re.MULTILINE))
    for name, text in blocks.items():
        (etc / name).write_text(_on_loopback(name, text, ports), "utf-8")
    (library,) = suite.glob("usr/lib/*/asterisk/modules")
    written = {
        "asterisk.conf": "[directories]\n"
        + "".join(
            f"ast{name}dir => {path}\n"
            for name, path in {
                "cache": folder / "cache",
                "etc": etc,
                "mod": library,
                "varlib": folder / "varlib",
                "db": folder / "db",
                "key": folder / "keys",
                "data": suite / "usr/share/asterisk",
                "agi": folder / "agi",
                "spool": folder / "spool",
                "run": folder / "run",
                "log": folder / "log",
            }.items()
        )
        + "[options]\nverbose = 3\nnocolor = yes\ndocumentation_language = en_US\n",
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"require = {name}.so\n" for name in _MODULES),
        "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error,verbose(3)\n",
        "extensions.conf": "[none]\n",
        "acl.conf": "",
        "pjproject.conf": "[startup]\n",
        "rtp.conf": f"[general]\nrtpstart = {_RTP.start}\nrtpend = {_RTP.stop}\n",
        **{f"{name}.conf": "[general]\n" for name in _EMPTY},
    }
    for name, text in written.items():
        (etc / name).write_text(text, "utf-8")
    return etc / "asterisk.conf"


def _on_loopback(name: str, text: str, ports: Ports) -> str:
    replaced = {
        "http.conf": {"bindport = 8088": f"bindport = {ports.ari}"},
        "pjsip.conf": {
            "bind = 192.0.2.10:5060": f"bind = 127.0.0.1:{ports.sip}",
            "contact = sip:operator.example:5060": f"contact = sip:127.0.0.1:{ports.trunk}",
            # The phone of the tests doesn't register: its address is known. The other one is never there.
            "max_contacts = 1\nremove_existing = yes\nqualify_frequency = 30": (
                f"contact = sip:{PHONE}@127.0.0.1:{ports.phone}"
            ),
            "direct_media = no": "direct_media = no\nmedia_address = 127.0.0.1\nbind_rtp_to_media_address = yes",
        },
    }.get(name, {})
    for old, new in replaced.items():
        assert old in text, f"{name} of {DOCUMENT.name} has no '{old}' any more"
        text = text.replace(old, new)
    if name == "ari.conf":
        text += f"[{READER}]\ntype = user\npassword = {PASSWORD}\nread_only = yes\n"
    if name == "pjsip.conf":
        for line, reached_by in (
            (OFFLINE_PHONE, "max_contacts = 1"),
            (DEAD_PHONE, f"contact = sip:{DEAD_PHONE}@127.0.0.1:{ports.dead}"),
        ):
            text += f"\n[{line}](phone)\naors = {line}\n[{line}]\ntype = aor\n{reached_by}\n"
    return text
