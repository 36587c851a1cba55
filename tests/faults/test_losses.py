"""Bad and lost data is counted by name, and the count is shown."""

import json

import pytest

from support.http import scripted_chat
from support.waiting import wait_until


def count(up, name: str) -> int:
    return up.sql(f"SELECT count FROM losses WHERE name = '{name}'")[0]["count"]


@pytest.mark.parametrize("name, fault, more", [
    ("response_json_invalid", {"fault": "garbage_json_body"}, {"stream": False}),
    ("response_json_invalid", {"fault": "garbage_json"}, {}),
    ("sse_event_torn", {"fault": "torn_frame", "token_ms": 10}, {}),
    ("sse_event_too_long", {"fault": "huge_event", "amount": 2 << 20, "tokens": 1}, {}),
], ids=["garbage-body", "garbage-event", "torn", "too-long"])
def test_bad_answers_are_counted(through, scripted, name, fault, more):
    before = count(through, name)
    through.fetch("POST", "/v1/chat/completions", {**scripted_chat(True, **fault), **more})
    wait_until(lambda: count(through, name) > before, f"{name} is counted", 5, every_s=0.1)


def test_a_body_that_is_no_json_is_counted(through, scripted):
    before = count(through, "request_json_invalid")
    through.fetch("POST", "/v1/chat/completions", b"{nonsense")
    wait_until(lambda: count(through, "request_json_invalid") > before, "it is counted", 5, every_s=0.1)


def test_a_malformed_traceparent_is_counted(through, scripted):
    before = count(through, "traceparent_invalid")
    through.fetch("POST", "/v1/chat/completions", scripted_chat(False), [("traceparent", "00-nonsense")])
    wait_until(lambda: count(through, "traceparent_invalid") > before, "it is counted", 5, every_s=0.1)


def test_a_body_too_large_to_read_is_counted(through, scripted):
    before = count(through, "body_not_inspected")
    body = json.dumps({"messages": [{"role": "user", "content": "x" * (20 << 20)}]}).encode()
    assert through.fetch("POST", "/v1/chat/completions", body).status == 200
    wait_until(lambda: count(through, "body_not_inspected") > before, "it is counted", 5, every_s=0.1)


def test_no_record_is_dropped_in_ordinary_use(through, scripted):
    for name in ("request_records_dropped", "store_requests_dropped", "store_spans_dropped"):
        assert count(through, name) == 0
