"""When and what the store shows: soon, everything, and no content that nobody asked to keep."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from truth.driver import next_tag, rows_of, send
from support.http import fetch, scripted_chat

SECRET = "xyzzy-swordfish-2718281828"


def console(up, method: str, target: str, body: dict | None = None):
    """The console answers to its own address only."""
    return fetch(up.console, method, target, body, [("Host", up.console.removeprefix("http://"))])


def visible_after_s(up, tag: str) -> float:
    """From the end of a request to its row in an answer of the console."""
    send(up, tag, False, tokens=1)
    done = time.monotonic()
    body = {"sql": f"SELECT 1 AS x FROM requests WHERE request_id = '{tag}'", "format": "json"}
    while time.monotonic() < done + 5:
        answer = console(up, "POST", "/api/v1/query", body)
        assert answer.status == 200, answer.body
        if b'"x"' in answer.body and json.loads(answer.body) not in ([], {"rows": []}):
            return time.monotonic() - done
        time.sleep(0.01)
    raise AssertionError("not visible within 5 s")


def test_rows_are_visible_within_half_a_second(through, scripted):
    waits = sorted(visible_after_s(through, next_tag("visible")) for _ in range(11))
    assert waits[5] < 0.5


def test_every_one_of_many_requests_is_stored_once(through, scripted):
    tags = [next_tag("many") for _ in range(400)]
    with ThreadPoolExecutor(16) as pool:
        assert all(answer.status == 200 for answer in pool.map(lambda tag: send(through, tag, True, tokens=2), tags))
    rows = rows_of(through, tags, "request_id, trace_id, output_tokens")
    assert len({row["trace_id"] for row in rows.values()}) == 400
    assert {row["output_tokens"] for row in rows.values()} == {2}


def secret_request(up, tag: str) -> None:
    messages = [{"role": "user", "content": f"the word is {SECRET}"}]
    answer = send(up, tag, True, more={"messages": messages}, token_text=f" {SECRET}")
    assert SECRET.encode() in answer.body
    rows_of(up, [tag], "request_id")


def test_prompts_and_answers_are_not_kept_unless_asked(up, scripted):
    """Nowhere in the data folder, the log or the console's metrics, also after the end."""
    instance = up("--upstream", scripted.url)
    secret_request(instance, "secret")
    metrics = console(instance, "GET", "/metrics")
    assert metrics.status == 200 and SECRET.encode() not in metrics.body
    assert instance.stop() == 0
    files = [path for path in instance.data.rglob("*") if path.is_file()]
    assert files
    for path in [*files, instance.log_path]:
        assert SECRET.encode() not in path.read_bytes(), path


def test_prompts_and_answers_are_kept_when_asked(up, scripted):
    instance = up("--upstream", scripted.url, "--capture-content")
    secret_request(instance, "kept")
    row = rows_of(instance, ["kept"])["kept"]
    assert SECRET in row["request_content"] and SECRET in row["response_content"]


@pytest.mark.parametrize("where", ["header", "body"])
def test_conversation_id_is_the_clients(through, scripted, where):
    tag = next_tag("conversation")
    body, headers = scripted_chat(False), [("X-Request-Id", tag)]
    if where == "header":
        headers.append(("X-Conversation-Id", "talk-7"))
    else:
        body["conversation"] = "talk-7"
    through.fetch("POST", "/v1/chat/completions", body, headers)
    assert rows_of(through, [tag])[tag]["conversation_id"] == "talk-7"


def test_the_same_prompt_has_the_same_hash(through, scripted):
    def hash_of(text: str) -> str:
        tag = next_tag("hash")
        send(through, tag, False, more={"messages": [{"role": "user", "content": text}]})
        return rows_of(through, [tag])[tag]["prompt_hash"]
    first = hash_of("one")
    assert first and len(first) == 16 and first == hash_of("one") != hash_of("two")
