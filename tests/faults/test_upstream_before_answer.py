"""The upstream fails before it has answered anything useful."""

import time

import pytest

from faults.expect import openai_error, peak_mb, resident_mb, still_serves
from support.http import Closed, RawConnection, request_bytes, scripted_chat
from support.product import Up
from support.waiting import wait_until


@pytest.fixture(autouse=True)
def serves_afterwards(through, scripted):
    """Whatever the upstream did to one request, the next one is fine."""
    yield
    still_serves(through)


def ask(through, tag: str, stream: bool = False, **script):
    return through.fetch("POST", "/v1/chat/completions", scripted_chat(stream, tag=tag, **script),
                         [("X-Request-Id", tag)])


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("fault", ["die_before_first_byte", "reset_before_first_byte", "reset_on_head",
                                   "bad_status_line", "half_head"])
def test_engine_dies_before_the_first_byte(through, scripted, fault, stream):
    tag = f"{fault}-{stream}"
    response = through.fetch("POST", "/v1/chat/completions", scripted_chat(stream),
                             [("X-Request-Id", tag), ("x-script", f'{{"fault":"{fault}","tag":"{tag}"}}')])
    openai_error(response, 502)
    row = through.request_row(tag)
    assert row["http_status"] == 502 and row["error_type"]
    assert row["output_tokens"] is None and row["decode_ns"] is None
    assert 1 <= len(scripted.log(tag)) <= 2, "a failed request is not sent again and again"


def test_endless_header(through):
    """A head that never ends is cut off early and costs little memory."""
    before = resident_mb(through)
    openai_error(ask(through, "endless-header", fault="endless_header"), 502)
    assert resident_mb(through) - before < 8


def test_header_too_large(through):
    openai_error(ask(through, "header-1mb", fault="huge_header", amount=1 << 20), 502)


def test_large_header_within_the_limit_passes(through):
    response = ask(through, "header-20k", fault="huge_header", amount=20_000)
    assert response.status == 200 and len(response.header("x-huge")) == 20_000


@pytest.mark.parametrize("fault", ["garbage_json_body", "binary_body"])
def test_garbage_in_a_plain_answer_passes_unread(through, fault):
    response = ask(through, fault, fault=fault)
    assert response.status == 200 and response.complete
    assert response.body.startswith(b'{"choices":[{"message"' if "json" in fault else b"\x00\x01\x02")
    row = through.request_row(fault)
    assert row["http_status"] == 200 and row["output_tokens"] is None and row["prefill_ns"] is None


def test_content_length_too_long(through):
    """The client must be able to tell that the body is not whole."""
    response = ask(through, "length-long", fault="length_too_long")
    assert not response.complete or response.status == 502
    assert through.request_row("length-long")["error_type"]


def test_content_length_too_short(through):
    """Bytes beyond the announced body never reach this client or the next."""
    with RawConnection(through.gateway) as connection:
        first = connection.request("POST", "/v1/chat/completions", scripted_chat(False, fault="length_too_short"))
        assert first.status == 200 and first.body == b"true"
        second = connection.request("POST", "/v1/chat/completions", scripted_chat(False))
        assert second.status == 200 and second.json["choices"]


def test_body_until_close(through):
    response = ask(through, "until-close", fault="until_close")
    assert response.status == 200 and response.complete and response.body == b'{"until":"close"}'


def test_upstream_sends_100_continue_first(through):
    response = ask(through, "hundred", fault="hundred_continue_first", slow_ms=20)
    assert response.status == 200 and response.body == b'{"after":"100"}'


def test_upstream_sends_byte_by_byte(through):
    response = ask(through, "slow-bytes", fault="slow_bytes", slow_ms=1)
    assert response.status == 200 and response.json["choices"][0]["message"]["content"] == "slow"


def test_huge_answer_is_streamed_in_bounded_memory(through):
    """96 MiB pass; the program does not hold them."""
    before = peak_mb(through)
    response = ask(through, "huge-answer", fault="huge_body", amount=96)
    assert response.complete and len(response.body) == 96 << 20
    assert response.body.count(b"b") == 96 << 20
    assert peak_mb(through) - before < 32


def test_early_answer_reaches_a_client_that_still_sends(through, scripted):
    """The upstream refuses a large upload before it has read the body; the client, still sending, learns of it."""
    head = request_bytes("POST", "/v1/chat/completions", None, [
        ("Content-Length", str(64 << 20)), ("Content-Type", "application/json"),
        ("x-script", '{"fault":"early_answer","slow_ms":1500}')])
    with RawConnection(through.gateway, 10) as connection:
        connection.send(head + b"{")
        try:
            connection.send(b" " * (40 << 20))
        except ConnectionError:
            pass  # the answer is there and nobody reads on
        try:
            assert connection.response().status in (413, 502)
        except Closed as closed:
            assert closed.reset, "ended in silence"


def test_upstream_slow_is_waited_for(through):
    began = time.monotonic()
    response = ask(through, "slow", queue_ms=1500)
    assert response.status == 200 and time.monotonic() - began >= 1.5
    assert through.request_row("slow")["queue_ns"] >= 1_490_000_000


def test_upstream_silent_for_too_long(scripted, up):
    """504 when the time is up, not later and not never."""
    instance: Up = up("--upstream", scripted.url, "--upstream-timeout", "400ms")
    for stream in (False, True):
        name = f"silent-{stream}"
        began = time.monotonic()
        response = instance.fetch("POST", "/v1/chat/completions", scripted_chat(stream, queue_ms=5000),
                                  [("X-Request-Id", name)])
        assert 0.4 <= time.monotonic() - began < 4
        openai_error(response, 504)
        assert instance.request_row(name)["error_type"] == "upstream_timeout"
    still_serves(instance)


def test_upstream_refusing_then_back(binary, scripted, up, through):
    """No connection: an error of the right shape at once; when it listens again, service goes on."""
    instance: Up = up("--upstream", scripted.url)
    still_serves(instance)
    scripted.tell("refuse")
    scripted.tell("drop")
    try:
        response = instance.fetch("POST", "/v1/chat/completions", scripted_chat(True), [("X-Request-Id", "refused")])
        error = openai_error(response, 502, 503)
        assert response.status != 503 or int(response.header("retry-after")) >= 1, error
        assert instance.request_row("refused")["error_type"]
    finally:
        scripted.tell("listen")
    wait_until(lambda: still_serves(instance) or True, "service after the upstream is back", 15, every_s=0.2)
    # The instance that the other tests share may have seen its health checks refused meanwhile.
    wait_until(lambda: still_serves(through) or True, "service of the shared instance", 15, every_s=0.2)


def test_idle_upstream_connections_that_died_are_replaced(through, scripted):
    """The upstream closes its kept-alive connections; no client notices."""
    for _ in range(4):
        still_serves(through)
    scripted.tell("drop")
    for _ in range(4):
        still_serves(through)
