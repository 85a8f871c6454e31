"""An address that events are pushed to: keeps what arrives, answers what the test wants, in order of a list."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from attrs import frozen
from defusedxml.ElementTree import fromstring

from telephony_adapters.beeline_simulator.xsi import XML_SCHEMA_INSTANCE, XSI


@frozen
class Event:
    """An XSI event as a namespace-aware parser reads it; `fields` are the paths of its texts."""

    type: str
    event_id: str
    sequence_number: int
    fields: dict[str, str]

    @property
    def call(self) -> dict[str, str]:
        prefix = "eventData/call/"
        return {name.removeprefix(prefix): text for name, text in self.fields.items() if name.startswith(prefix)}


def read_event(body: bytes) -> Event:
    root = fromstring(body, forbid_dtd=True)
    assert root.tag == f"{{{XSI}}}Event"
    assert root.get(f"{{{XML_SCHEMA_INSTANCE}}}type") == "xsi:SubscriptionEvent"
    fields: dict[str, str] = {}

    def walk(element: Any, path: str) -> None:
        for child in element:
            assert child.tag.startswith(f"{{{XSI}}}")
            name = f"{path}{child.tag.partition('}')[2]}"
            if len(child):
                walk(child, f"{name}/")
            else:
                fields[name] = child.text or ""

    walk(root, "")
    data = root.find(f"{{{XSI}}}eventData")
    assert data is not None
    kind = data.get(f"{{{XML_SCHEMA_INSTANCE}}}type", "")
    return Event(kind.removeprefix("xsi:"), fields["eventID"], int(fields["sequenceNumber"]), fields)


class Receiver:
    """`answers` are the statuses of the next requests; after them 200. `bodies` hold what was answered 2xx.

    `garbage` is the body of answers, said to be gzip.
    """

    def __init__(self, port: int = 0) -> None:
        self.answers: list[int] = []
        self.garbage = b""
        self.attempts = 0
        self.bodies: list[bytes] = []
        self.content_types: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.attempts += 1
                status = receiver.answers.pop(0) if receiver.answers else 200
                if status < 300:
                    receiver.bodies.append(body)
                    receiver.content_types.append(self.headers["Content-Type"])
                self.send_response(status)
                self.send_header("Content-Length", str(len(receiver.garbage)))
                if receiver.garbage:
                    self.send_header("Content-Encoding", "gzip")
                self.end_headers()
                self.wfile.write(receiver.garbage)

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                return  # a log of its own would end in the tests' output

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/reports?a=1&b=2"

    def events(self, *, hooks: bool = False) -> list[Event]:
        """What arrived, in order; without the hook noise unless it is asked for."""
        events = [read_event(body) for body in self.bodies]
        return [event for event in events if hooks or event.type != "HookStatusEvent"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
