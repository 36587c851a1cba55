"""The stored spans of a request: their tree, and their times against the engine's log."""

import time

import pytest

from truth.driver import MILLISECOND, next_tag, rows_of, send
from support.waiting import wait_until

COUNT = 16


@pytest.fixture(scope="module")
def traced(through, scripted_process):
    """[(row, engine log entry, spans by name), ...]"""
    tags = [next_tag("span") for _ in range(COUNT)]
    for tag in tags:
        assert send(through, tag, True, queue_ms=10, prefill_ms=15, token_ms=4, tokens=5).complete
    rows = rows_of(through, tags)
    ids = ",".join(f"'{row['trace_id']}'" for row in rows.values())

    def all_spans():
        found = through.sql(f"SELECT * FROM spans WHERE trace_id IN ({ids})")
        return found if len(found) >= 5 * COUNT else None

    spans: dict[str, list] = {}
    for span in wait_until(all_spans, "five spans for each request", 10, every_s=0.2):
        spans.setdefault(span["trace_id"], []).append(span)
    log = {entry["tag"]: entry for entry in scripted_process.log()}
    return [(rows[tag], log[tag], {span["name"]: span for span in spans[rows[tag]["trace_id"]]}) for tag in tags]


def test_the_tree_is_server_client_and_three_phases(traced):
    for _, _, spans in traced:
        server, client = spans["POST /v1/chat/completions"], spans["chat scripted-model"]
        assert server["kind"] == "SERVER" and client["kind"] == "CLIENT"
        assert client["parent_span_id"] == server["span_id"]
        for name in ("queue", "prefill", "decode"):
            assert spans[name]["kind"] == "INTERNAL" and spans[name]["parent_span_id"] == client["span_id"]
        assert len(spans) == 5


def test_children_lie_within_their_parents(traced):
    def interval(span):
        return span["start_unix_ns"], span["start_unix_ns"] + span["duration_ns"]
    for row, _, spans in traced:
        server, client = interval(spans["POST /v1/chat/completions"]), interval(spans["chat scripted-model"])
        assert server[1] - server[0] == row["total_ns"] and server[0] == row["start_unix_ns"]
        assert server[0] <= client[0] <= client[1] <= server[1]
        for name in ("queue", "prefill", "decode"):
            begin, end = interval(spans[name])
            assert client[0] <= begin <= end <= client[1], name


@pytest.mark.parametrize("name, begin, end", [
    ("queue", lambda e: e["received_ns"], lambda e: e["slot_ns"]),
    ("prefill", lambda e: e["slot_ns"], lambda e: e["tokens_ns"][0]),
    ("decode", lambda e: e["tokens_ns"][0], lambda e: e["tokens_ns"][-1]),
], ids=["queue", "prefill", "decode"])
def test_phase_spans_begin_and_end_when_the_engine_said(traced, name, begin, end):
    """Within 1 ms at the median, on the wall clock."""
    offset = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    begins = sorted(abs(s[name]["start_unix_ns"] - begin(e) - offset) for _, e, s in traced)
    ends = sorted(abs(s[name]["start_unix_ns"] + s[name]["duration_ns"] - end(e) - offset) for _, e, s in traced)
    assert begins[COUNT // 2] < MILLISECOND
    assert ends[COUNT // 2] < MILLISECOND
