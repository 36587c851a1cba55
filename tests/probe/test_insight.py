"""What is made of the steps: a request's path through the engine, and the service level."""

import json
import threading

from probe.conftest import attribution, turns
from probe.test_reuse import run
from support.http import RawConnection, request_bytes

CHAT = "/v1/chat/completions"


def test_a_requests_path_covers_its_time_and_names_who_was_waited_for(probed):
    steady = {"messages": [{"role": "user", "content": "go on"}], "max_tokens": 80, "stream": True, "temperature": 0,
              "cache_prompt": False, "ignore_eos": True}
    long = {"messages": [{"role": "user", "content": "word " * 1500}], "max_tokens": 1, "cache_prompt": False}
    with RawConnection(probed.gateway, 60) as connection:
        connection.send(request_bytes("POST", CHAT, steady, [("X-Request-Id", "path-steady")]))
        head = connection.head()
        connection.stream_until(head, b'"content":"')
        other = threading.Thread(target=probed.fetch,
                                 args=("POST", CHAT, long, [("X-Request-Id", "path-long")]), kwargs={"timeout_s": 60})
        other.start()
        connection.rest_of_stream(head)
        other.join()
    row = attribution(probed, ["path-steady", "path-long"])["path-steady"]
    turns(probed, ["path-steady", "path-long"])
    request = json.loads(run(probed, "trace", "path-steady", "--json"))["engine"][0]
    path = request["path"]
    assert request["request_id"] == "path-steady"
    at = request["start_unix_ns"]
    for part in path:
        assert part["start_unix_ns"] == at
        parts = part["own_ns"] + part["others_prefill_ns"] + part["others_decode_ns"] + part["gap_ns"]
        assert parts == part["duration_ns"]
        at += part["duration_ns"]
    assert at == request["start_unix_ns"] + request["duration_ns"]
    stalled = [part for part in path if part["kind"] == "stalled"]
    assert stalled and {part["waited_most_for"] for part in stalled} == {"path-long"}
    told = sum(part["others_prefill_ns"] for part in path)
    assert abs(told - row["others_prefill_ns"]) < 0.05 * told, "the same as the attribution, which knows our own waits"
    kinds = [part["kind"] for part in path]
    assert "prefill" in kinds and kinds[-1] in ("decode", "stalled")
    text = run(probed, "trace", "path-steady")
    assert "generating beside a prompt" in text and "path-long" in text


def test_goodput_under_a_service_level(probed):
    def figures(*slo: str) -> dict:
        return json.loads(run(probed, "report", "--json", *slo))

    plain, easy = figures(), figures("--slo", "ttft=10m,tpot=10m")
    assert plain["slo"] is None
    level = easy["slo"]
    assert level["met"] + level["missed"] + level["not_judged"] == easy["requests"]
    assert level["missed"] == easy["errors"] and level["ttft_ms"] == 600_000
    hard = figures("--slo", "ttft=1us")
    assert hard["slo"]["met"] == 0 and hard["goodput_rps"] == 0
    assert sum(group["slo"]["met"] for group in easy["groups"]) == level["met"]
    if easy["errors"] == 0 and level["not_judged"] == 0:
        assert easy["goodput_rps"] == plain["goodput_rps"]
