"""What a client may send by mistake or in malice. A clear refusal, nothing passed on, others unharmed."""

import json
import time

import pytest

from faults.expect import openai_error, peak_mb, resident_mb, still_serves
from support.http import Closed, RawConnection, request_bytes, scripted_chat

CHAT = json.dumps(scripted_chat(False)).encode()
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def serves_afterwards(through, scripted):
    yield
    still_serves(through)


MALFORMED = {
    "both-lengths": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two-content-lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}{}{}",
    "list-of-content-lengths": HEAD + b"Content-Length: 5, 6\r\n\r\n{}{}{}",
    "negative-length": HEAD + b"Content-Length: -5\r\n\r\n",
    "plus-length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "hex-length": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "length-overflow": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "unknown-transfer-coding": HEAD + b"Transfer-Encoding: chunked, banana\r\n\r\n0\r\n\r\n",
    "chunk-size-garbage": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk-size-overflow": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "chunk-size-negative": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "chunk-lie": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}{}\r\n0\r\n\r\n",
    "no-colon": HEAD + b"nonsense\r\n\r\n",
    "space-before-colon": HEAD + b"X-Bad : 1\r\n\r\n",
    "nul-in-header": HEAD + b"X-Bad: a\0b\r\n\r\n",
    "control-in-name": b"GET /health HTTP/1.1\r\nHost: h\r\nX-\x01Bad: 1\r\n\r\n",
    "empty-name": b"GET /health HTTP/1.1\r\nHost: h\r\n: 1\r\n\r\n",
    "no-host": b"GET /health HTTP/1.1\r\n\r\n",
    "two-hosts": b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no-version": b"GET /health\r\nHost: h\r\n\r\n",
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS\r\n\r\n",
    "space-in-target": b"GET /he alth HTTP/1.1\r\nHost: h\r\n\r\n",
    "bad-method": b"G\x7fT /health HTTP/1.1\r\nHost: h\r\n\r\n",
}


@pytest.mark.parametrize("name", list(MALFORMED))
def test_malformed_request_is_refused(through, scripted, name):
    """400 in OpenAI's shape, and the connection ends, since nobody knows where a next request would start."""
    scripted.tell("log", clear=True)
    with RawConnection(through.gateway, 5) as connection:
        connection.send(MALFORMED[name])
        openai_error(connection.response(), 400, *([505] if name == "space-in-target" else []))
        assert connection.at_end()
    assert all("received_ns" not in entry for entry in scripted.log()), "it was passed on"


def test_folded_header_is_refused_or_unfolded(through, scripted):
    """RFC 9112 allows either, but a line break is never passed on as it is."""
    folded = [("X-Folded", "one\r\n two"), ("x-script", '{"tag":"folded"}')]
    response = through.fetch("POST", "/some/route", b"{}", folded)
    if response.status != 400:
        assert dict(scripted.entry("folded")["headers"])["X-Folded"].split() == ["one", "two"]


@pytest.mark.parametrize("version", [b"HTTP/0.9", b"HTTP/2.0", b"HTTP/3.1", b"HTTX/1.1"])
def test_other_versions_are_refused(through, version):
    with RawConnection(through.gateway, 5) as connection:
        connection.send(b"GET /health " + version + b"\r\nHost: h\r\n\r\n")
        openai_error(connection.response(), 400, 505)
        assert connection.at_end()


def test_huge_header_field(through):
    before = resident_mb(through)
    with RawConnection(through.gateway, 5) as connection:
        try:
            connection.send(b"GET /health HTTP/1.1\r\nHost: h\r\nX-Huge: " + b"h" * (8 << 20))
        except ConnectionError:
            pass  # refused before all of it was taken
        try:
            openai_error(connection.response(), 400, 431)
        except Closed as closed:
            assert closed.reset, "ended without an answer and without a reset"
    assert resident_mb(through) - before < 8


def test_too_many_headers(through):
    many = b"".join(b"X-%d: y\r\n" % number for number in range(20_000))
    with RawConnection(through.gateway, 5) as connection:
        try:
            connection.send(b"GET /health HTTP/1.1\r\nHost: h\r\n" + many + b"\r\n")
            openai_error(connection.response(), 400, 431)
        except (ConnectionError, Closed):
            pass  # cut off while still sending


def test_header_of_the_allowed_size_passes(through, scripted):
    through.fetch("POST", "/v1/chat/completions", scripted_chat(False, tag="big-head"), [("X-Big", "h" * 30_000)])
    assert len(dict(scripted.entry("big-head")["headers"])["X-Big"]) == 30_000


def test_huge_body_is_streamed_on(through, scripted):
    """48 MiB, as images in a prompt may be: it passes whole, in bounded memory."""
    before = peak_mb(through)
    body = json.dumps({"messages": [{"role": "user", "content": "x" * (48 << 20)}]}).encode()
    response = through.fetch("POST", "/v1/chat/completions", body,
                             [("x-script", '{"tag":"huge-body"}'), ("X-Request-Id", "huge-body")])
    assert response.status == 200
    assert scripted.entry("huge-body")["body_bytes"] == len(body)
    assert peak_mb(through) - before < 64
    assert through.request_row("huge-body")["request_bytes"] == len(body)


def test_body_beyond_the_limit_is_refused_unread(through):
    with RawConnection(through.gateway, 5) as connection:
        connection.send(HEAD + b"Content-Length: 4000000000\r\n\r\n{")
        openai_error(connection.response(), 413)


def test_garbage_json_reaches_the_engine_as_it_is(through, scripted):
    """The engine is who judges bodies; ours is only to pass them and not to trip."""
    for number, body in enumerate([b"{", b"\x00\xff\xfe", b'{"a":' * 5000, b"nul", b'{"stream":tru', b"[" * 100_000,
                                   b'{"stream":true,"stream":', b'"just a string"', b"\xef\xbb\xbf{}"]):
        tag = f"garbage-{number}"
        response = through.fetch("POST", "/v1/chat/completions", body, [("x-script", json.dumps({"tag": tag}))])
        assert response.status == 200
        entry = scripted.entry(tag)
        assert entry["body_bytes"] == len(body)
        assert entry["body"] == body.decode("utf-8", "replace")


@pytest.mark.timeout(90)
def test_slow_loris(through, scripted):
    """Headers byte by byte, a body that stalls, and connections that say nothing: each is ended in bounded time,
    with 408 where a request had begun, while others are served."""
    headers_slow = RawConnection(through.gateway)
    body_stalls = RawConnection(through.gateway)
    body_stalls.send(HEAD + b"X-Request-Id: stalled\r\nContent-Length: 100\r\n\r\n{")
    request = iter(b"GET /health HTTP/1.1\r\nHost: h\r\nX-Slow: " + b"s" * 1000)
    ended: dict[str, tuple] = {}
    began = time.monotonic()
    while len(ended) < 2 and time.monotonic() - began < 60:
        for name, connection in (("headers", headers_slow), ("body", body_stalls)):
            if name in ended:
                continue
            connection.socket.settimeout(0.01)
            try:
                if name == "headers":
                    connection.send(bytes([next(request)]))
                response = connection.response()
                ended[name] = (response.status, time.monotonic() - began)
            except TimeoutError:
                pass
            except (Closed, ConnectionError):
                ended[name] = ("closed", time.monotonic() - began)
        still_serves(through)
        time.sleep(0.4)
    headers_slow.close()
    body_stalls.close()
    assert set(ended) == {"headers", "body"}
    assert ended["headers"][0] == 408 and ended["headers"][1] < 30
    assert ended["body"][0] == 408 and ended["body"][1] < 45
    assert through.request_row("stalled")["http_status"] == 408


def test_many_idle_connections_cost_little(through):
    """400 open connections without a request: service goes on, and memory stays small."""
    before = resident_mb(through)
    idle = [RawConnection(through.gateway) for _ in range(400)]
    try:
        still_serves(through)
        assert resident_mb(through) - before < 40
    finally:
        for connection in idle:
            connection.close()
