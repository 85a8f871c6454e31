"""A stand-in for Asterisk's ARI: no more than was observed with Asterisk 22.10.1, for tests without one.

Channels and bridges live as there: `create` sends nothing, an id is free again once its channel has ended, an endpoint
that is unknown or offline is 'Allocation failed', a second WebSocket of an application replaces the first, nothing is
repeated. The same tests of the contract run against the real one in tests/sip.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import h11
import wsproto
from attrs import define, field
from tests.adapters.gateways.loopback import listening
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

APPLICATION = "telephony"
PHONES = {"1017": "online", "1018": "offline", "trunk": "online"}
_ONE = {404: "Channel not found", 409: "Channel with given unique ID already exists"}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


@define
class AriStandIn:
    """`dialled`: the channels that were dialled, in order; `hung_up`: those that were ended by a request.

    `slow_channels`: how many requests find a channel that is made and has not reached its application yet.
    `read_only`: our account may change nothing.
    """

    port: int = 0
    registered: bool = True
    slow_channels: int = 0
    version: str = "22.10.1"
    read_only: bool = False
    channels: dict[str, dict[str, Any]] = field(factory=dict)
    bridges: dict[str, dict[str, Any]] = field(factory=dict)
    dialled: list[str] = field(factory=list)
    hung_up: list[str] = field(factory=list)
    variables: dict[str, dict[str, str]] = field(factory=dict)
    ringing_tones: list[str] = field(factory=list)
    inhibited: set[str] = field(factory=set)
    sockets: list[tuple[wsproto.WSConnection, asyncio.StreamWriter]] = field(factory=list)
    connected: asyncio.Condition = field(factory=asyncio.Condition)

    # --- what happens at the phones -----------------------------------------------------------------------------------

    async def becomes(self, channel: str, state: str) -> None:
        """The phone rings, or is answered."""
        self.channels[channel]["state"] = state
        await self.tell({"type": "ChannelStateChange", "channel": self.channels[channel]})

    async def ends(self, channel: str, cause: int, **more: Any) -> None:
        """The far end is done."""
        told = self.channels.pop(channel)
        for bridge in self.bridges.values():
            if channel in bridge["channels"]:
                bridge["channels"].remove(channel)
                await self.tell({"type": "ChannelLeftBridge", "bridge": bridge, "channel": told})
        await self.tell({"type": "ChannelDestroyed", "cause": cause, "channel": told, **more})

    async def tell(self, event: dict[str, Any]) -> None:
        """An event to whoever listens now, and to nobody later."""
        text = json.dumps({"application": APPLICATION, "timestamp": now(), **event})
        for socket, writer in self.sockets[-1:]:
            writer.write(socket.send(TextMessage(data=text)))
            await writer.drain()

    async def drop_sockets(self) -> None:
        for _, writer in self.sockets:
            writer.transport.abort()
        self.sockets.clear()

    async def listened_to(self, times: int = 1) -> None:
        """Waits for so many connections since the beginning that are still there."""
        async with self.connected:
            await self.connected.wait_for(lambda: len(self.sockets) >= times)

    # --- requests -----------------------------------------------------------------------------------------------------

    async def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        match [method, *path.split("/")]:
            case ["GET", "asterisk", "info"]:
                return 200, {"system": {"version": self.version}}
            case ["DELETE", *_] if self.read_only:
                return 403, {"message": "Write access denied"}
            case ["GET", "applications", name]:
                if name != APPLICATION or not self.registered:
                    return 404, {"message": "Application not found"}
                return 200, {"name": name, "channel_ids": list(self.channels), "bridge_ids": list(self.bridges)}
            case ["PUT", "applications", _, "eventFilter"]:
                return 200, {}
            case ["GET", "endpoints", "PJSIP"]:
                return 200, [{"technology": "PJSIP", "resource": name, "state": is_} for name, is_ in PHONES.items()]
            case ["GET", "endpoints", "PJSIP", name]:
                if name not in PHONES:
                    return 404, {"message": "Endpoint not found"}
                return 200, {"technology": "PJSIP", "resource": name, "state": PHONES[name]}
            case ["GET", "channels"]:
                return 200, list(self.channels.values())
            case ["GET", "bridges"]:
                return 200, list(self.bridges.values())
            case ["POST", "bridges"]:
                if query["bridgeId"] in self.bridges:
                    return 409, {"message": "Bridge with given unique ID already exists"}
                self.bridges[query["bridgeId"]] = {"id": query["bridgeId"], "channels": [], "creationtime": now()}
                return 200, self.bridges[query["bridgeId"]]
            case ["POST", "channels", "create"]:
                return self._create(query, body)
            case [_, "bridges", bridge, *_] if bridge not in self.bridges:
                return 404, {"message": "Bridge not found"}
            case ["POST", "bridges", bridge, "addChannel"]:
                if query["channel"] not in self.channels:
                    return 400, {"message": "Channel not found"}
                if self.slow_channels > 0:
                    self.slow_channels -= 1
                    return 422, {"message": "Channel not in Stasis application"}
                self.bridges[bridge]["channels"].append(query["channel"])
                if query.get("inhibitConnectedLineUpdates") == "true":
                    self.inhibited.add(query["channel"])
                return 204, None
            case ["DELETE", "bridges", bridge]:
                del self.bridges[bridge]
                return 204, None
            case [_, "channels", channel, *_] if channel not in self.channels:
                return 404, {"message": _ONE[404]}
            case ["GET", "channels", channel]:
                return 200, self.channels[channel]
            case ["POST", "channels", channel, "dial"]:
                if channel in self.dialled:
                    return 409, {"message": "Channel is not in the 'Down' state"}
                self.dialled.append(channel)
                return 204, None
            case ["POST", "channels", channel, "ring"] if self.channels[channel]["state"] != "Up":
                return 412, {"message": "Channel in invalid state"}
            case ["POST", "channels", channel, "ring"]:
                self.ringing_tones.append(channel)
                return 204, None
            case ["DELETE", "channels", channel, "ring"]:
                if channel in self.ringing_tones:
                    self.ringing_tones.remove(channel)
                return 204, None
            case ["DELETE", "channels", channel]:
                self.hung_up.append(channel)
                told = self.channels[channel]
                await self.tell({"type": "ChannelHangupRequest", "cause": 32, "soft": True, "channel": told})
                await self.ends(channel, int(query.get("reason_code", 16)))
                return 204, None
            case _:
                return 404, {"message": "Invalid method"}

    def _create(self, query: dict[str, str], body: Any) -> tuple[int, Any]:
        name = query["channelId"]
        if name in self.channels:
            return 409, {"message": _ONE[409]}
        phone = query["endpoint"].removeprefix("PJSIP/").rpartition("@")[2]
        if PHONES.get(phone) != "online":
            return 500, {"error": "Allocation failed"}
        self.variables[name] = body["variables"]
        self.channels[name] = {
            "id": name,
            "state": "Down",
            "protocol_id": f"sip-{name}",
            "caller": {"name": "", "number": ""},
            "connected": {"name": "", "number": body["variables"].get("CONNECTEDLINE(num,i)", "")},
            "creationtime": now(),
            "endpoint": query["endpoint"],
        }
        return 200, self.channels[name]

    # --- the wire -----------------------------------------------------------------------------------------------------

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"upgrade: websocket" in head.lower():
            await self._events(head, reader, writer)
        else:
            await self._request(head, reader, writer)

    async def _request(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER)
        http.receive_data(head)
        body = b""
        target, method = "", ""
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                target, method = event.target.decode(), event.method.decode()
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
        parts = urlsplit(target)
        status, told = await self.answer(
            method, parts.path.removeprefix("/ari/"), dict(parse_qsl(parts.query)), json.loads(body) if body else None
        )
        content = b"" if told is None else json.dumps(told).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode() + content
        )
        await writer.drain()

    async def _events(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        socket.receive_data(head)
        while True:
            for event in socket.events():
                if isinstance(event, Request):
                    await self.tell({"type": "ApplicationReplaced"})
                    writer.write(socket.send(AcceptConnection()))
                    async with self.connected:
                        self.registered = True
                        self.sockets.append((socket, writer))
                        self.connected.notify_all()
                elif isinstance(event, Ping):
                    writer.write(socket.send(event.response()))
                elif isinstance(event, CloseConnection):
                    writer.write(socket.send(event.response()))
                    self.sockets = [each for each in self.sockets if each[0] is not socket]
                    return
            data = await reader.read(65536)
            if not data:
                self.sockets = [each for each in self.sockets if each[0] is not socket]
                return
            socket.receive_data(data)


@asynccontextmanager
async def ari_stand_in() -> AsyncIterator[AriStandIn]:
    """A stand-in on a port of its own."""
    stand_in = AriStandIn()
    async with listening(stand_in.serve) as stand_in.port:
        yield stand_in
