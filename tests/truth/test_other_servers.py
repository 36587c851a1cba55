"""A server that knows nothing but the OpenAI API: what can be known is right, the rest is NULL."""

import pytest

from truth.driver import MILLISECOND, Batches, median_error_ms, next_tag, rows_of, send
from support.product import Up
from support.scripted import Scripted


@pytest.fixture(scope="module")
def stranger():
    engine = Scripted()
    engine.tell("become", persona="openai", model="their-model")
    yield engine
    engine.stop()


@pytest.fixture(scope="module")
def before_it(binary, stranger, tmp_path_factory):
    instance = Up(tmp_path_factory.mktemp("stranger"), ["--upstream", stranger.url])
    yield instance
    instance.stop()


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_token_counts_are_exact_and_phases_unknown(before_it, path, stream):
    tag = next_tag("stranger")
    answer = send(before_it, tag, stream, path, tokens=6, prompt_tokens=40, cached_tokens=9)
    assert answer.complete
    assert not stream or b'"usage"' not in answer.body, "the usage chunk was our wish, not the client's"
    row = rows_of(before_it, [tag])[tag]
    assert (row["input_tokens"], row["cached_tokens"], row["output_tokens"]) == (40, 9, 6)
    assert (row["engine_prefill_ns"], row["engine_decode_ns"]) == (None, None)
    assert row["provider"] == "openai" and row["response_model"] == "their-model"
    assert sum(row[name] or 0 for name in ("queue_ns", "prefill_ns", "decode_ns", "unattributed_ns")) == row["upstream_ns"]


def test_usage_shows_when_the_client_asked(before_it):
    answer = send(before_it, next_tag(), True, more={"stream_options": {"include_usage": True}})
    assert answer.body.count(b'"usage"') == 1


def test_no_extension_of_llama_cpp_is_sent(before_it, stranger):
    tag = next_tag("plain-api")
    send(before_it, tag, True)
    assert "return_progress" not in stranger.entry(tag)["body"]


def test_queue_and_prefill_are_not_told_apart(before_it):
    """Nobody said when the slot was taken, so neither is claimed."""
    tag = next_tag("untold")
    send(before_it, tag, True, queue_ms=20, prefill_ms=20)
    row = rows_of(before_it, [tag])[tag]
    assert row["queue_ns"] is None and row["prefill_ns"] is None
    assert row["unattributed_ns"] >= 40 * MILLISECOND


def test_time_to_first_token_and_gaps_are_still_true(before_it, stranger):
    """(Three tries, as in Batches.assert_error.)"""
    def largest_error_ms():
        tags = [next_tag("ttft") for _ in range(16)]
        for number, tag in enumerate(tags):
            send(before_it, tag, True, queue_ms=5, prefill_ms=5 + number, token_ms=4, tokens=5)
        rows = rows_of(before_it, tags)
        pairs = [(rows[tag], stranger.entry(tag)) for tag in tags]
        return max(median_error_ms(pairs, lambda row: row["ttft_ns"], lambda e: e["tokens_ns"][0] - e["first_byte_ns"]),
                   median_error_ms(pairs, lambda row: row["decode_ns"],
                                   lambda e: e["tokens_ns"][-1] - e["tokens_ns"][0]))
    assert any(largest_error_ms() < 1 for _ in range(Batches.ATTEMPTS))
