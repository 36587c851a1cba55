"""A long prompt injected into a steady answer is found, named and quantified."""

import json
import subprocess
import threading
import time

from probe.conftest import attribution, turns
from support import places
from support.http import RawConnection, request_bytes

CHAT = "/v1/chat/completions"


def report(up) -> dict:
    done = subprocess.run([places.product(), "report", "--json", "--data", str(up.data)], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def chunk_times(connection, response, until: int) -> list[float]:
    """When each content chunk came, for `until` chunks or to the end."""
    times, seen = [], bytes(response.body).count(b'"content":"')
    while len(times) < until and connection._next_chunk(response):
        count = bytes(response.body).count(b'"content":"')
        times += [time.monotonic()] * (count - seen)
        seen = count
    return times


def test_a_long_prompt_is_named_and_its_stall_is_what_the_client_saw(probed):
    steady = {"messages": [{"role": "user", "content": "go on"}], "max_tokens": 400, "stream": True,
              "temperature": 0, "cache_prompt": False, "ignore_eos": True}
    long = {"messages": [{"role": "user", "content": "word " * 2500}], "max_tokens": 1, "temperature": 0,
            "cache_prompt": False}
    probed.fetch("POST", CHAT, {**long, "messages": [{"role": "user", "content": "word " * 700}]})  # it learns costs
    with RawConnection(probed.gateway, 60) as connection:
        connection.send(request_bytes("POST", CHAT, steady, [("X-Request-Id", "steady")]))
        response = connection.head()
        before = chunk_times(connection, response, 60)
        over = []

        def inject() -> None:
            probed.fetch("POST", CHAT, long, [("X-Request-Id", "long-prompt")], timeout_s=60)
            over.append(time.monotonic())

        other = threading.Thread(target=inject)
        injected = time.monotonic()
        other.start()
        after = chunk_times(connection, response, 400)
        other.join()
    usual = sorted(b - a for a, b in zip(before[20:], before[21:]))[len(before[21:]) // 2]
    # The waits for a chunk while the other prompt was read, and their time beyond the usual.
    during = [b - a for a, b in zip([before[-1], *after], after) if b > injected and a < over[0] and b - a > 3 * usual]
    stall_ms = sum(gap - usual for gap in during) * 1000
    assert len(during) >= 4 and stall_ms > 100, "the prompt was to be felt"

    row = attribution(probed, ["steady", "long-prompt"])["steady"]
    assert abs(row["stalled_ns"] / 1e6 - stall_ms) < 0.1 * stall_ms, (row, stall_ms)
    turns(probed, ["steady", "long-prompt"])
    engine_time = report(probed)["engine_time"]
    worst = engine_time["worst_prompts"][0]
    assert worst["request_id"] == "long-prompt" and worst["held_up"] >= 1
    assert abs(worst["longest_ms"] - stall_ms) < 0.1 * stall_ms
    text = subprocess.run([places.product(), "report", "--data", str(probed.data)], capture_output=True, text=True,
                          timeout=30).stdout
    assert "worst: request long-prompt (" in text and "held up 1 other" in text
