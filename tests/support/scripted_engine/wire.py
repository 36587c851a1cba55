"""HTTP/1.1 for a server that must be able to break it: reads requests, writes raw bytes, keeps the time."""

import asyncio
import json
import socket
import struct
import time
from dataclasses import dataclass, field

STATUS_TEXT = {200: "OK", 400: "Bad Request", 404: "Not Found", 413: "Payload Too Large", 429: "Too Many Requests",
               500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable"}


def now_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@dataclass
class Request:
    method: str
    target: str
    headers: list[tuple[str, str]]
    first_byte_ns: int
    body: bytes = b""
    received_ns: int = 0
    _json: object = field(default=None, repr=False)

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name]
        return found[0] if found else None

    @property
    def json(self) -> dict:
        if self._json is None:
            try:
                parsed = json.loads(self.body)
            except (ValueError, RecursionError):
                parsed = {}
            self._json = parsed if isinstance(parsed, dict) else {}
        return self._json


class Connection:
    """One client connection. write() hands bytes to the kernel at once (the socket has no delay)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._reader = reader
        self._writer = writer
        self._buffer = b""
        self._last_bytes_ns = 0
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def _read(self, most: int) -> bytes:
        """The time is taken at once: taking a request apart takes Python up to a millisecond, which is the engine's."""
        data = await self._reader.read(most)
        self._last_bytes_ns = now_ns()
        return data

    async def read_head(self) -> Request | None:
        """None when the peer closed between requests."""
        first_byte_ns = self._last_bytes_ns if self._buffer else 0
        while b"\r\n\r\n" not in self._buffer:
            data = await self._read(65536)
            if not data:
                return None
            first_byte_ns = first_byte_ns or self._last_bytes_ns
            self._buffer += data
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ", 2)
        headers = [tuple(part.strip() for part in text.split(":", 1)) for text in lines]
        return Request(method, target, headers, first_byte_ns, received_ns=self._last_bytes_ns)

    async def read_body(self, request: Request) -> None:
        if (request.header("transfer-encoding") or "").lower() == "chunked":
            request.body = await self._read_chunks()
        else:
            request.body = await self._read_exactly(int(request.header("content-length") or 0))
        request.received_ns = self._last_bytes_ns

    async def wait_for_end(self) -> str:
        """Returns "closed" or "reset" once the peer is gone; early bytes of a next request are kept."""
        try:
            while data := await self._read(65536):
                self._buffer += data
            return "closed"
        except ConnectionError:
            return "reset"

    async def write(self, data: bytes) -> int:
        """Returns the time at which the bytes were handed to the kernel. It is read before the call, since the
        call may wake the receiver and come back later than the bytes arrive."""
        at = now_ns()
        self._writer.write(data)
        await self._writer.drain()
        return at

    def send_head(self, status: int, headers: list[tuple[str, str]]) -> bytes:
        lines = [f"HTTP/1.1 {status} {STATUS_TEXT.get(status, 'Status')}", "Server: llama.cpp"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        """Makes the kernel send RST instead of FIN."""
        if self._writer.transport.is_closing():
            return
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    async def _read_exactly(self, size: int) -> bytes:
        parts, have = [self._buffer], len(self._buffer)
        while have < size:
            data = await self._read(1 << 20)
            if not data:
                raise ConnectionResetError("the peer closed within a body")
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self._buffer = whole[size:]
        return whole[:size]

    async def _read_line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            data = await self._read(65536)
            if not data:
                raise ConnectionResetError("the peer closed within a chunk")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line

    async def _read_chunks(self) -> bytes:
        parts = []
        while size := int((await self._read_line()).split(b";")[0], 16):
            parts.append(await self._read_exactly(size))
            await self._read_exactly(2)
        while await self._read_line():
            pass  # trailers
        return b"".join(parts)


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


LAST_CHUNK = b"0\r\n\r\n"
