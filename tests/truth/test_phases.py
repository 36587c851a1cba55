"""The measured times against the scripted engine's own log: right within 1 ms at the median
(wakeups.py says how a loaded machine is allowed for)."""

import itertools
import statistics
import time

import pytest

from truth.driver import MILLISECOND, Batches, median_error_ms, next_tag, rows_of, send
from support.http import RawConnection, request_bytes, scripted_chat

TRUE_TIMES = {
    "queue_ns": lambda entry: entry["slot_ns"] - entry["received_ns"],
    "prefill_ns": lambda entry: entry["tokens_ns"][0] - entry["slot_ns"],
    "decode_ns": lambda entry: entry["tokens_ns"][-1] - entry["tokens_ns"][0],
}


@pytest.fixture(scope="module")
def batches(through, scripted_process):
    return Batches(through, scripted_process)


@pytest.mark.parametrize("kind", ["streamed", "plain"])
@pytest.mark.parametrize("at_once", [1, 8])
@pytest.mark.parametrize("column", list(TRUE_TIMES))
def test_phases_are_true(batches, column, at_once, kind):
    batches.assert_error(kind, at_once, lambda batch: median_error_ms(batch, lambda row: row[column],
                                                                      TRUE_TIMES[column]))


def without_ours(row: dict, column: str) -> int:
    """Less what the row itself names as the gateway's: how long that takes depends on who else wants the processor
    (bench/gateway measures it), so only that nothing else is in the time can be true or false here."""
    return row[column] - row["receive_ns"] - row["gateway_ns"] - (row["connect_ns"] or 0)


@pytest.mark.parametrize("at_once", [1, 8])
def test_time_to_first_token_is_the_engines_time_and_our_own(batches, at_once):
    batches.assert_error("streamed", at_once, lambda batch: median_error_ms(
        batch, lambda row: without_ours(row, "ttft_ns"), lambda entry: entry["tokens_ns"][0] - entry["received_ns"]))


@pytest.mark.parametrize("kind", ["streamed", "plain"])
def test_totals_are_the_engines_time_and_our_own(batches, kind):
    """One at a time. (In a crowd the last chunk waits for its turn in the gateway.)"""
    batches.assert_error(kind, 1, lambda batch: median_error_ms(
        batch, lambda row: without_ours(row, "total_ns") - (row["client_ns"] or 0),
        lambda entry: entry["answered_ns"] - entry["received_ns"]))


@pytest.mark.parametrize("kind", ["streamed", "plain"])
@pytest.mark.parametrize("at_once", [1, 8])
def test_totals_lie_between_the_engines_and_the_clients(batches, kind, at_once):
    """The gateway's interval contains the engine's and, but for the return from its last write, is contained in the
    client's."""
    def beyond_ms(batch):
        beyond = sorted(max(entry["answered_ns"] - entry["received_ns"] - row["total_ns"],
                            row["total_ns"] - entry["client_ns"]) for row, entry in batch)
        return beyond[len(beyond) * 9 // 10] / MILLISECOND
    batches.assert_error(kind, at_once, beyond_ms)


def test_plain_answers_have_no_time_to_first_token(batches):
    assert all(row["ttft_ns"] is None for row, _ in batches["plain", 1])


def test_per_token_times_are_true(batches):
    """Each gap between content chunks, against the gap between the engine's writes."""
    def gap_error_ms(batch):
        errors = []
        for row, entry in batch:
            true = [b - a for a, b in zip(entry["tokens_ns"], entry["tokens_ns"][1:])]
            assert len(row["chunk_gaps_us"]) == len(true) == row["content_chunks"] - 1
            errors += [abs(gap * 1000 - right) / MILLISECOND for gap, right in zip(row["chunk_gaps_us"], true)]
        return statistics.median(errors)
    batches.assert_error("streamed", 1, gap_error_ms)


@pytest.mark.parametrize("kind", ["streamed", "plain"])
def test_phases_add_up_exactly(batches, kind):
    """Both sums of the schema hold to the nanosecond, NULL counted as 0."""
    for row, _ in itertools.chain(batches[kind, 1], batches[kind, 8]):
        def total(*names):
            return sum(row[name] or 0 for name in names)
        assert total("receive_ns", "gateway_ns", "connect_ns", "client_ns", "upstream_ns") == row["total_ns"]
        assert total("queue_ns", "prefill_ns", "decode_ns", "unattributed_ns") == row["upstream_ns"]
        negative = {name: value for name, value in row.items() if name.endswith("_ns") and (value or 0) < 0}
        assert not negative


@pytest.mark.parametrize("kind", ["streamed", "plain"])
def test_little_is_unattributed(batches, kind):
    """With engine events for everything, what is left over is the way through the kernel."""
    batches.assert_error(kind, 1, lambda batch: statistics.median(row["unattributed_ns"] or 0
                                                                  for row, _ in batch) / MILLISECOND)


def test_start_time_is_the_wall_clock_of_the_first_byte(batches):
    offset = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    batches.assert_error("streamed", 1, lambda batch: median_error_ms(
        batch, lambda row: row["start_unix_ns"], lambda entry: entry["first_byte_ns"] + offset))


def test_a_slowly_sent_request_is_in_receive_and_in_time_to_first_token(through, scripted):
    """The clock starts with the first byte, not when the request is whole. (When the gateway's thread gets to read
    that byte depends on the machine's load, so this shows where the time goes, not how exactly.)"""
    tag = next_tag("slow-send")
    data = request_bytes("POST", "/v1/chat/completions", scripted_chat(tag=tag), [("X-Request-Id", tag)])
    with RawConnection(through.gateway) as connection:
        connection.send(data[:40])
        begin = time.monotonic_ns()
        time.sleep(0.4)
        connection.send(data[40:])
        paused = time.monotonic_ns() - begin
        assert connection.response().complete
    row = rows_of(through, [tag])[tag]
    assert abs(row["receive_ns"] - paused) < 200 * MILLISECOND
    assert row["ttft_ns"] > row["receive_ns"]


def test_a_client_that_reads_late_is_in_client_time(through, scripted):
    """Twelve megabytes that nobody takes for half a second: no engine time, no time of ours."""
    tag = next_tag("slow-read")
    body = scripted_chat(tag=tag, tokens=400, token_text="t" * 65536)
    with RawConnection(through.gateway) as connection:
        connection.send(request_bytes("POST", "/v1/chat/completions", body, [("X-Request-Id", tag)]))
        time.sleep(0.5)
        assert connection.response().complete
    row = rows_of(through, [tag])[tag]
    assert row["client_ns"] > 250 * MILLISECOND
    assert row["client_ns"] > row["gateway_ns"]


def test_without_engine_events_nothing_is_invented(through, scripted):
    """An answer without timings: phases that nobody measured are NULL, and the time is shown as such."""
    tag = next_tag("no-events")
    send(through, tag, False, fault="until_close")
    row = rows_of(through, [tag])[tag]
    assert (row["queue_ns"], row["prefill_ns"], row["decode_ns"]) == (None, None, None)
    assert (row["input_tokens"], row["cached_tokens"], row["output_tokens"]) == (None, None, None)
    assert row["unattributed_ns"] == row["upstream_ns"] > 0
