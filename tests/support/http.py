"""A raw HTTP/1.1 client: sends exactly the bytes it is given and keeps what comes back, with times."""

import json
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit


class Closed(Exception):
    """The peer ended the connection before the message was whole. `got` is what had come until then."""

    def __init__(self, got: bytes, reset: bool = False):
        super().__init__(f"connection {'reset' if reset else 'closed'} after {len(got)} bytes: {got[-200:]!r}")
        self.got = got
        self.reset = reset


@dataclass
class Response:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes | bytearray = b""
    head: bytes = b""
    complete: bool = True  # False: the connection ended before the message did
    interim: list[int] = field(default_factory=list)  # 1xx statuses that came before

    def header(self, name: str) -> str | None:
        found = self.all(name)
        return found[0] if found else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def events(self) -> list[bytes]:
        """SSE events as they stood, without the blank line; an unfinished rest is the last one."""
        return [event for event in self.body.split(b"\n\n") if event]


class RawConnection:
    def __init__(self, url: str, timeout_s: float = 20.0):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self) -> "RawConnection":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def request(self, method: str, target: str, body: bytes | dict | None = None,
                headers: list[tuple[str, str]] = ()) -> Response:
        self.send(request_bytes(method, target, body, headers))
        return self.response(head_only=method == "HEAD")

    def response(self, head_only: bool = False) -> Response:
        """Reads one answer. 1xx answers are noted and skipped."""
        interim = []
        while True:
            response = self.head()
            if response.status >= 200:
                break
            interim.append(response.status)
        response.interim = interim
        if not head_only and response.status not in (204, 304):
            self._read_body(response)
        return response

    def head(self) -> Response:
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        line, *lines = head.decode("latin-1").split("\r\n")
        version, status, *reason = line.split(" ", 2)
        assert version == "HTTP/1.1", line
        headers = [tuple(part.strip() for part in text.split(":", 1)) for text in lines]
        return Response(int(status), reason[0] if reason else "", headers, head=head)

    def read_until(self, marker: bytes) -> bytes:
        """Raw bytes up to and with the marker, chunk framing included."""
        while marker not in self._buffer:
            self._more()
        end = self._buffer.index(marker) + len(marker)
        taken, self._buffer = self._buffer[:end], self._buffer[end:]
        return taken

    def at_end(self, timeout_s: float = 5.0) -> bool:
        """True when the peer closes without sending anything more."""
        self.socket.settimeout(timeout_s)
        try:
            return not self._buffer and self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def _more(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionError:
            raise Closed(self._buffer, reset=True) from None
        if not data:
            raise Closed(self._buffer)
        self._buffer += data

    def _read_body(self, response: Response) -> None:
        try:
            if (response.header("transfer-encoding") or "").lower() == "chunked":
                self.rest_of_stream(response)
            elif response.header("content-length") is not None:
                self._read_length(response, int(response.header("content-length")))
            else:
                while True:
                    self._more()
        except Closed as closed:
            framed = response.header("transfer-encoding") or response.header("content-length")
            response.complete = not framed and not closed.reset
            if not framed:
                response.body, self._buffer = self._buffer, b""

    def _read_length(self, response: Response, size: int) -> None:
        parts, have = [self._buffer], len(self._buffer)
        self._buffer = b""
        try:
            while have < size:
                self._more()
                parts.append(self._buffer)
                have += len(self._buffer)
                self._buffer = b""
        finally:
            whole = b"".join(parts)
            response.body, self._buffer = whole[:size], whole[size:]

    def stream_until(self, response: Response, marker: bytes) -> None:
        """Reads whole chunks of a body whose head was read with head() until the marker is in it."""
        while marker not in response.body:
            assert self._next_chunk(response), f"the stream ended without {marker!r}"

    def rest_of_stream(self, response: Response) -> None:
        """Reads the chunks that are left, to the end of the body."""
        while self._next_chunk(response):
            pass

    def _next_chunk(self, response: Response) -> bool:
        size = int(self.read_until(b"\r\n")[:-2].split(b";")[0], 16)
        if size == 0:
            while self.read_until(b"\r\n") != b"\r\n":
                pass
            return False
        while len(self._buffer) < size + 2:
            self._more()
        assert self._buffer[size:size + 2] == b"\r\n", "a chunk does not end in CRLF"
        if not response.body:
            response.body = bytearray()  # grows without copies
        response.body += self._buffer[:size]
        self._buffer = self._buffer[size + 2:]
        return True


def request_bytes(method: str, target: str, body: bytes | dict | None = None,
                  headers: list[tuple[str, str]] = ()) -> bytes:
    """A request with Host, and with Content-Length when there is a body and no framing of the caller's."""
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    names = {name.lower() for name, _ in headers}
    lines = [f"{method} {target} HTTP/1.1"]
    if "host" not in names:
        lines.append("Host: gateway.test")
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def fetch(url: str, method: str, target: str, body: bytes | dict | None = None,
          headers: list[tuple[str, str]] = (), timeout_s: float = 20.0) -> Response:
    """One request on a connection of its own."""
    with RawConnection(url, timeout_s) as connection:
        return connection.request(method, target, body, headers)


def scripted_chat(stream: bool = True, **script) -> dict:
    """A chat request body that tells the scripted engine what to do."""
    return {"model": "scripted-model", "messages": [{"role": "user", "content": "hi"}], "stream": stream,
            "script": script}
