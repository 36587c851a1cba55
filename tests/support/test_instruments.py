"""The instruments themselves: what the other tests believe, shown without the product."""

import time

import pytest

from support import places
from support.engine import DirectEngine
from support.http import Closed, RawConnection, fetch, request_bytes, scripted_chat

MILLISECOND = 1_000_000


def monotonic() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
def test_scripted_delays_are_kept_and_logged(scripted, stream):
    began = monotonic()
    response = fetch(scripted.url, "POST", "/v1/chat/completions",
                     scripted_chat(stream, tag="t", queue_ms=30, prefill_ms=40, token_ms=10, tokens=4))
    ended = monotonic()
    entry = scripted.entry("t")
    assert response.status == 200 and response.complete
    moments = [began, entry["first_byte_ns"], entry["received_ns"], entry["slot_ns"], *entry["tokens_ns"],
               entry["answered_ns"], ended]
    assert moments == sorted(moments)
    assert 30 <= (entry["slot_ns"] - entry["received_ns"]) / MILLISECOND < 45
    assert 40 <= (entry["tokens_ns"][0] - entry["slot_ns"]) / MILLISECOND < 55
    gaps = [(b - a) / MILLISECOND for a, b in zip(entry["tokens_ns"], entry["tokens_ns"][1:])]
    assert len(gaps) == 3 and all(9.9 <= gap < 25 for gap in gaps)


def test_plain_timings_are_the_logged_times(scripted):
    response = fetch(scripted.url, "POST", "/v1/chat/completions", scripted_chat(False, tag="t", prefill_ms=20))
    entry, timings = scripted.entry("t"), response.json["timings"]
    assert timings["prompt_ms"] == pytest.approx((entry["tokens_ns"][0] - entry["slot_ns"]) / 1e6)
    assert timings["predicted_ms"] == pytest.approx((entry["tokens_ns"][-1] - entry["tokens_ns"][0]) / 1e6)


def test_progress_and_usage_come_only_when_asked_for(scripted):
    def body(**more):
        return fetch(scripted.url, "POST", "/v1/chat/completions", {**scripted_chat(), **more}).body
    assert b"prompt_progress" not in body() and b"usage" not in body()
    assert body(return_progress=True).count(b"prompt_progress") == 2
    assert body(stream_options={"include_usage": True}).count(b'"usage"') == 1


@pytest.mark.parametrize("fault, complete", [
    ("close_mid_stream", False), ("reset_mid_stream", False), ("torn_frame", False), ("torn_frame_ended", True),
    ("chunk_lie_short", False), ("split", True), ("byte_chunks", True), ("crlf", True), ("with_comments", True)])
def test_stream_faults_happen(scripted, fault, complete):
    response = fetch(scripted.url, "POST", "/v1/chat/completions", scripted_chat(fault=fault, at=2, amount=9))
    assert response.complete is complete
    assert (b"[DONE]" in response.body) is (fault in ("split", "byte_chunks", "crlf", "with_comments"))


@pytest.mark.parametrize("fault, reset", [("die_before_first_byte", False), ("reset_before_first_byte", True)])
def test_death_before_the_first_byte_happens(scripted, fault, reset):
    with pytest.raises(Closed) as closed:
        fetch(scripted.url, "POST", "/v1/chat/completions", scripted_chat(fault=fault))
    assert closed.value.reset is reset and closed.value.got == b""


def test_the_engine_notices_a_client_that_leaves(scripted):
    with RawConnection(scripted.url) as connection:
        connection.send(request_bytes("POST", "/v1/chat/completions", scripted_chat(tag="t", token_ms=50, tokens=99)))
        connection.read_until(b" word")
    assert scripted.entry("t")["end"] == "peer closed"


def test_refusing_and_listening_again(scripted):
    scripted.tell("refuse")
    with pytest.raises(ConnectionRefusedError):
        fetch(scripted.url, "GET", "/health")
    scripted.tell("listen")
    assert fetch(scripted.url, "GET", "/health").status == 200


@pytest.mark.parametrize("kind", ["f32", "f16", "q4_0", "q8_0"])
def test_tiny_models_load_and_answer(llama_server, models, tmp_path, kind):
    model = places.tiny_model(models, f"kind-{kind}", type=kind)
    assert model.stat().st_size < 5 << 20
    engine = DirectEngine(tmp_path, model, ["-c", "512", "-np", "1"])
    try:
        body = {"messages": [{"role": "user", "content": "Größe? 日本 ☃ 😀"}], "max_tokens": 64, "temperature": 0}
        first, second = (engine.fetch("POST", "/v1/chat/completions", body).json for _ in range(2))
        assert first["usage"]["completion_tokens"] == 64, "it never stops of its own"
        assert first["choices"] == second["choices"]
        assert first["choices"][0]["message"]["content"].replace("\n", "").isprintable()
        assert first["timings"]["predicted_per_second"] > 100
        text = "any text at all: ☃\n\t{}"
        tokens = engine.fetch("POST", "/tokenize", {"content": text}).json["tokens"]
        assert engine.fetch("POST", "/detokenize", {"tokens": tokens}).json["content"] == text
    finally:
        engine.stop()


def test_the_same_seed_gives_the_same_file(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    assert places.tiny_model(one, seed=5).read_bytes() == places.tiny_model(two, seed=5).read_bytes()
    assert places.tiny_model(one, seed=5).read_bytes() != places.tiny_model(two, seed=6).read_bytes()
