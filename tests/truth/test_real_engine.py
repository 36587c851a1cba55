"""The same truths where they can be known with a real llama-server."""

import json
import threading

import pytest

from support.engine import THREADS
from support.http import RawConnection, request_bytes
from support.product import Up

MILLISECOND = 1_000_000
BODY = {"messages": [{"role": "user", "content": "What is the time?"}], "temperature": 0, "stream": True,
        "stream_options": {"include_usage": True}}


@pytest.fixture(scope="module")
def one_slot(binary, llama_server, slow_model, tmp_path_factory):
    instance = Up(tmp_path_factory.mktemp("one-slot"), ["--model", str(slow_model), "--llama-server",
                  str(llama_server)], engine_arguments=[*THREADS, "-np", "1", "-c", "4096"])
    yield instance
    instance.stop()


def ask(up, tag: str, **more):
    return up.fetch("POST", "/v1/chat/completions", {**BODY, **more}, [("X-Request-Id", tag)])


def last_chunk(answer) -> dict:
    """The usage chunk, which carries `timings` as well."""
    return json.loads(answer.events[-2].removeprefix(b"data: "))


def test_tokens_and_engine_times_are_the_engines_own(one_slot):
    for number, tokens in enumerate((1, 2, 7, 20)):
        answer = ask(one_slot, f"own-{number}", max_tokens=tokens)
        said, row = last_chunk(answer), one_slot.request_row(f"own-{number}")
        assert row["output_tokens"] == tokens == said["usage"]["completion_tokens"]
        assert row["input_tokens"] == said["usage"]["prompt_tokens"]
        assert row["cached_tokens"] == said["timings"]["cache_n"]
        assert row["engine_prefill_ns"] == pytest.approx(said["timings"]["prompt_ms"] * MILLISECOND, abs=1000)
        assert row["engine_decode_ns"] == pytest.approx(said["timings"]["predicted_ms"] * MILLISECOND, abs=1000)


def test_measured_phases_agree_with_the_engines_times(one_slot):
    """Prefill as we saw it lies close to what the engine says it computed."""
    ask(one_slot, "agree", max_tokens=20, cache_prompt=False,
        messages=[{"role": "user", "content": "word " * 200}])
    row = one_slot.request_row("agree")
    assert row["prefill_ns"] == pytest.approx(row["engine_prefill_ns"], rel=0.2)
    assert row["decode_ns"] == pytest.approx(row["engine_decode_ns"], rel=0.2)


def test_the_second_request_waits_exactly_until_the_first_is_done(one_slot):
    """One slot: the second one's queue ends when the first one's last token is out."""
    with RawConnection(one_slot.gateway) as first:
        first.send(request_bytes("POST", "/v1/chat/completions", {**BODY, "max_tokens": 40},
                                 [("X-Request-Id", "slot-first")]))
        response = first.head()
        first.stream_until(response, b'"content":"')
        second = threading.Thread(target=ask, args=(one_slot, "slot-second"), kwargs={"max_tokens": 3})
        second.start()
        first.rest_of_stream(response)
        second.join(20)
    one, two = one_slot.request_row("slot-first"), one_slot.request_row("slot-second")
    first_done = one["start_unix_ns"] + one["total_ns"]
    second_started = two["start_unix_ns"] + two["total_ns"] - two["prefill_ns"] - two["decode_ns"]
    assert two["queue_ns"] > 100 * MILLISECOND
    assert abs(second_started - first_done) < 60 * MILLISECOND
    assert two["queue_ns"] + two["prefill_ns"] <= two["ttft_ns"]


def test_flash_attention_and_build_are_known(one_slot):
    """What the engine reported of itself is a resource attribute of the spans."""
    ask(one_slot, "resource", max_tokens=1)
    row = one_slot.request_row("resource")
    spans = one_slot.sql(f"SELECT resource_attributes FROM spans WHERE trace_id = '{row['trace_id']}'")
    attributes = spans[0]["resource_attributes"]
    text = attributes if isinstance(attributes, str) else json.dumps(attributes)
    assert "flash_attention" in text and "service.name" in text
