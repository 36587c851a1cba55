"""The client goes away. The engine must learn of it at once, and the record must say so."""

import socket
import struct
import time

import pytest

from faults.expect import still_serves
from support.http import Closed, RawConnection, request_bytes, scripted_chat

AT_ONCE_NS = 500_000_000


@pytest.fixture(autouse=True)
def serves_afterwards(through, scripted):
    yield
    still_serves(through)


def leave(through, scripted, tag: str, stream: bool, marker: bytes | None, how: str = "close", wait_s: float = 0.0,
          **script):
    """Sends a request, waits for `marker` in the answer (or some time), leaves. Returns (row, entry, left_ns)."""
    connection = RawConnection(through.gateway)
    connection.send(request_bytes("POST", "/v1/chat/completions", scripted_chat(stream, tag=tag, **script),
                                  [("X-Request-Id", tag)]))
    if marker:
        connection.read_until(marker)
    time.sleep(wait_s)
    if how == "reset":
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    left = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    connection.close()
    entry = scripted.entry(tag)
    return through.request_row(tag), entry, left


def check(row, entry, left):
    assert entry["end"].startswith("peer"), "the engine went on working"
    assert entry["done_ns"] - left < AT_ONCE_NS
    assert row["error_type"] and row["total_ns"] > 0


@pytest.mark.parametrize("how", ["close", "reset"])
def test_client_gone_in_queue(through, scripted, how):
    row, entry, left = leave(through, scripted, f"queue-{how}", True, None, how, wait_s=0.2, queue_ms=20_000)
    check(row, entry, left)
    assert row["http_status"] == 499
    assert row["prefill_ns"] is None and row["ttft_ns"] is None


@pytest.mark.parametrize("how", ["close", "reset"])
def test_client_gone_in_prefill(through, scripted, how):
    row, entry, left = leave(through, scripted, f"prefill-{how}", True, b"HTTP/1.1 200", how, wait_s=0.2,
                             prefill_ms=20_000)
    check(row, entry, left)
    assert row["ttft_ns"] is None and row["decode_ns"] is None and row["queue_ns"] is not None


@pytest.mark.parametrize("how", ["close", "reset"])
def test_client_gone_in_decode(through, scripted, how):
    row, entry, left = leave(through, scripted, f"decode-{how}", True, b" word", how, token_ms=50, tokens=400)
    check(row, entry, left)
    assert row["content_chunks"] < 20 and row["ttft_ns"] and row["finish_reason"] is None


def test_client_gone_while_a_plain_answer_is_made(through, scripted):
    row, entry, left = leave(through, scripted, "plain-gone", False, None, wait_s=0.2, prefill_ms=20_000)
    check(row, entry, left)
    assert row["http_status"] == 499


def test_client_gone_within_its_own_request(through, scripted):
    """Half a body, then nothing: no complete request ever reaches the engine."""
    data = request_bytes("POST", "/v1/chat/completions", scripted_chat(tag="half"), [("X-Request-Id", "half-sent")])
    connection = RawConnection(through.gateway)
    connection.send(data[:-20])
    time.sleep(0.1)
    connection.close()
    row = through.request_row("half-sent")
    assert row["error_type"] and row["http_status"] in (400, 408, 499)
    assert all("received_ns" not in entry for entry in scripted.log() if entry["tag"] == "half")


def test_client_that_stops_reading_does_not_stop_others(through, scripted):
    """One client takes nothing; its neighbour's stream is not delayed."""
    with RawConnection(through.gateway) as stuck:
        stuck.send(request_bytes("POST", "/v1/chat/completions", scripted_chat(tokens=600, token_text="t" * 65536)))
        time.sleep(0.3)
        began = time.monotonic()
        still_serves(through)
        assert time.monotonic() - began < 10


def test_half_closed_client_still_gets_its_answer(through, scripted):
    """A client may shut down its sending side and wait: either a whole answer or a recorded departure."""
    with RawConnection(through.gateway) as connection:
        connection.send(request_bytes("POST", "/v1/chat/completions", scripted_chat(False, tag="half-closed"),
                                      [("X-Request-Id", "half-closed")]))
        connection.socket.shutdown(socket.SHUT_WR)
        try:
            assert connection.response().status == 200
        except Closed:  # the other allowed outcome
            assert through.request_row("half-closed")["error_type"]
