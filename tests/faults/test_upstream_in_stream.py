"""The upstream fails in the middle of a stream, or sends one that is hard to read."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from faults.expect import error_event_at_end, peak_mb, still_serves, texts
from support.http import fetch, scripted_chat


@pytest.fixture(autouse=True)
def serves_afterwards(through, scripted):
    yield
    still_serves(through)


def ask(through, tag: str, more: dict | None = None, **script):
    return through.fetch("POST", "/v1/chat/completions", {**scripted_chat(True, tag=tag, **script), **(more or {})},
                         [("X-Request-Id", tag)])


BROKEN = ["close_mid_stream", "reset_mid_stream", "torn_frame", "chunk_lie_short", "chunk_size_garbage",
          "chunk_size_overflow"]


@pytest.mark.parametrize("fault", BROKEN)
def test_engine_breaks_off_in_mid_stream(through, fault):
    """The client gets what there was, then a well-formed error event, then a proper end."""
    before = error_event_at_end(ask(through, fault, fault=fault, tokens=5, at=3, slow_ms=20, token_ms=15))
    assert texts(before)[:3] == [" word"] * 3
    row = through.request_row(fault)
    assert row["error_type"] and row["http_status"] == 200
    assert row["content_chunks"] in (3, 4)  # a lying chunk may hold a whole fourth one
    spans = through.sql(f"SELECT name, status_code FROM spans WHERE trace_id = '{row['trace_id']}'")
    assert {"ERROR"} == {span["status_code"] for span in spans if not span["name"] in ("queue", "prefill", "decode")}


def test_chunk_longer_than_announced(through):
    """Data stands where a chunk size should: the stream ends with an error, never with made-up text."""
    response = ask(through, "chunk-lie-long", fault="chunk_lie_long", tokens=5, at=3, token_ms=15)
    events = error_event_at_end(response)
    assert texts(events) == [" word"] * 3
    assert through.request_row("chunk-lie-long")["error_type"]


def test_torn_event_at_a_proper_end(through):
    """HTTP ends well within an SSE event: the client gets those bytes as they are, as it would direct."""
    response = ask(through, "torn-ended", fault="torn_frame_ended", tokens=5, at=3)
    assert response.complete
    whole = [event for event in response.events if b'" word"' in event]
    assert len(whole) >= 3
    assert through.request_row("torn-ended")["content_chunks"] == 3


def comparable(body: bytes) -> bytes:
    body = re.sub(rb"chatcmpl-scripted-\d+", b"ID", body)
    return re.sub(rb'"(prompt_ms|predicted_ms|time_ms)":[-+.\de]+', rb'"\1":MS', body)


def expected(scripted, **script) -> bytes:
    """What a client would have had direct."""
    return comparable(fetch(scripted.url, "POST", "/v1/chat/completions", scripted_chat(True, **script)).body)


def test_frame_split_across_reads_at_every_byte(through, scripted):
    """Each frame of a stream arrives in two reads, cut at every place there is; the answer never changes."""
    whole = expected(scripted, tokens=3)
    longest = max(len(event) for event in whole.split(b"\n\n")) + 40

    def one(cut: int) -> bytes:
        return comparable(ask(through, f"cut-{cut}", fault="split", amount=cut, slow_ms=1, tokens=3).body)

    with ThreadPoolExecutor(8) as pool:
        for cut, body in enumerate(pool.map(one, range(longest))):
            assert body == whole, f"cut after {cut} bytes"


@pytest.mark.parametrize("progress", [False, True], ids=["stripped", "asked-for"])
@pytest.mark.parametrize("writer", ["byte_chunks", "crlf", "with_comments", "garbage_json"])
def test_unusual_streams_pass_byte_for_byte(through, scripted, writer, progress):
    """Other line ends, comments, single-byte chunks, data that is no JSON. Direct, without progress, is what
    the client must see, except where it asked for progress itself."""
    tag = f"{writer}-{progress}"
    more = {"return_progress": True} if progress else {}
    response = ask(through, tag, more, fault=writer, tokens=4)
    if progress:
        body = {**scripted_chat(True, fault=writer, tokens=4), **more}
        direct = comparable(fetch(scripted.url, "POST", "/v1/chat/completions", body).body)
        assert comparable(response.body) == direct
    else:
        assert b"prompt_progress" not in response.body
        direct = expected(scripted, fault=writer, tokens=4)
        got = comparable(response.body)
        if writer in ("with_comments", "garbage_json"):  # their companions of stripped frames stay
            pattern = rb": still here\n\n" if writer == "with_comments" else rb'data: [^\n]*"content":\n\n'
            got, direct = re.sub(pattern, b"", got), re.sub(pattern, b"", direct)
        assert got == direct
    row = through.request_row(tag)
    assert row["content_chunks"] == row["output_tokens"] == 4


def test_event_beyond_the_limit_passes_in_bounded_memory(through):
    """Comments of 4 MiB before each frame: nothing is lost, nothing is hoarded."""
    before = peak_mb(through)
    response = ask(through, "huge-event", fault="huge_event", amount=4 << 20, tokens=3)
    assert response.complete and response.body.count(b'" word"') == 3
    assert len(response.body) > 5 * (4 << 20)
    assert peak_mb(through) - before < 32


def test_content_length_instead_of_chunks_is_no_matter(through):
    """A stream of very many events arrives whole."""
    response = ask(through, "many", tokens=5000)
    assert response.complete and response.body.count(b'" word"') == 5000
    assert through.request_row("many")["content_chunks"] == 5000
