"""Many at once: bounded memory, a clear refusal beyond the limit, and service afterwards."""

import selectors
import socket
import time
from urllib.parse import urlsplit

from faults.expect import openai_error, resident_mb, still_serves
from support.http import RawConnection, request_bytes, scripted_chat
from support.waiting import wait_until

STREAMS = 500
IN_FLIGHT_LIMIT = 4096
RESIDENT_LIMIT_MB = 150


def read_all(sockets: list[socket.socket], timeout_s: float) -> list[bytes]:
    """Reads each socket until the end of its stream, all of them side by side."""
    got = {each: bytearray() for each in sockets}
    with selectors.DefaultSelector() as selector:
        for each in sockets:
            each.setblocking(False)
            selector.register(each, selectors.EVENT_READ)
        deadline = time.monotonic() + timeout_s
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(0.5):
                data = key.fileobj.recv(65536)
                got[key.fileobj] += data
                if not data or got[key.fileobj].endswith(b"0\r\n\r\n"):
                    selector.unregister(key.fileobj)
    return [bytes(got[each]) for each in sockets]


def test_five_hundred_streams_at_once(up, scripted):
    """Each stream is whole and only its own; the program stays within its memory aim."""
    instance = up("--upstream", scripted.url)
    still_serves(instance)
    clients = [RawConnection(instance.gateway) for _ in range(STREAMS)]
    try:
        for number, client in enumerate(clients):
            body = scripted_chat(tokens=6, token_ms=400, prefill_ms=1500, token_text=f" n{number}.")
            client.send(request_bytes("POST", "/v1/chat/completions", body, [("X-Request-Id", f"crowd-{number}")]))
        wait_until(lambda: len(scripted.log()) > STREAMS, "all requests at the engine", 20)
        peak = resident_mb(instance)
        answers = read_all([client.socket for client in clients], 40)
    finally:
        for client in clients:
            client.close()
    for number, answer in enumerate(answers):
        assert answer.count(f'" n{number}."'.encode()) == 6 == answer.count(b'"delta":{"content"'), number
        assert answer.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"), number
    assert max(peak, resident_mb(instance)) < RESIDENT_LIMIT_MB

    def stored():
        return instance.sql("SELECT count(*) AS n FROM requests WHERE request_id LIKE 'crowd-%'")[0]["n"] == STREAMS
    wait_until(stored, "a row for each stream", 10, every_s=0.2)


def test_beyond_the_limit_requests_are_refused_with_retry_after(up, scripted):
    """429 in OpenAI's shape while too many are in flight; when they leave, service goes on."""
    instance = up("--upstream", scripted.url)
    parts = urlsplit(instance.gateway)
    request = request_bytes("POST", "/v1/chat/completions", scripted_chat(fault="silence"))
    waiting: list[socket.socket] = []
    try:
        for _ in range(IN_FLIGHT_LIMIT):
            client = socket.create_connection((parts.hostname, parts.port), timeout=10)
            client.sendall(request)
            waiting.append(client)

        def refused():
            response = instance.fetch("POST", "/v1/chat/completions", scripted_chat(False))
            return response if response.status == 429 else None
        response = wait_until(refused, "a refusal", 20, every_s=0.1)
        openai_error(response, 429)
        assert int(response.header("retry-after")) >= 1
    finally:
        for client in waiting:
            client.close()
    wait_until(lambda: still_serves(instance) or True, "service once the crowd has left", 20, every_s=0.2)
