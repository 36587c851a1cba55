"""More than one `--upstream`: by model name, otherwise the least busy, and never one that is down."""

import threading

import pytest

from support.http import scripted_chat
from support.scripted import Scripted
from support.waiting import wait_until


@pytest.fixture
def pair():
    engines = [Scripted(), Scripted()]
    for engine, model in zip(engines, ("model-a", "model-b")):
        engine.tell("become", persona="llama_cpp", model=model)
    yield engines
    for engine in engines:
        engine.stop()


def both_known(instance, pair) -> None:
    """Both servers have been asked what they serve."""
    def each_answers():
        return all(instance.fetch("POST", "/v1/chat/completions", {**scripted_chat(False), "model": model})
                   .json.get("model") == model for model in ("model-a", "model-b"))
    wait_until(each_answers, "routing by model name", 10, every_s=0.1)
    for engine in pair:
        engine.tell("log", clear=True)


def test_routed_by_model_name(up, pair):
    instance = up("--upstream", pair[0].url, "--upstream", pair[1].url)
    both_known(instance, pair)
    for number in range(6):
        model = "model-a" if number % 2 else "model-b"
        answer = instance.fetch("POST", "/v1/chat/completions", {**scripted_chat(False), "model": model},
                                [("X-Request-Id", f"by-name-{number}")])
        assert answer.json["model"] == model
        row = instance.request_row(f"by-name-{number}")
        assert row["response_model"] == model and str(pair[0 if number % 2 else 1].port) in row["upstream"]


def test_the_models_of_all_are_listed(up, pair):
    instance = up("--upstream", pair[0].url, "--upstream", pair[1].url)
    both_known(instance, pair)
    for path in ("/v1/models", "/models"):
        answer = instance.fetch("GET", path, headers=[("X-Request-Id", f"list{path.count('/')}")])
        assert [model["id"] for model in answer.json["data"]] == ["model-a", "model-b"]
        assert all(model["object"] == "model" for model in answer.json["data"])
    row = instance.request_row("list2")
    assert (row["http_status"], row["error_type"], row["upstream"], row["route"]) == (200, None, None, "/v1/models")
    assert row["total_ns"] == row["receive_ns"] + row["gateway_ns"] + (row["client_ns"] or 0)
    pair[1].tell("refuse")
    pair[1].tell("drop")
    wait_until(lambda: [m["id"] for m in instance.fetch("GET", "/v1/models").json["data"]] == ["model-a"],
               "only what is up to be listed", 15, every_s=0.2)


def test_unknown_model_goes_to_the_least_busy(up, pair):
    instance = up("--upstream", pair[0].url, "--upstream", pair[1].url)
    both_known(instance, pair)
    body = {**scripted_chat(False, prefill_ms=300), "model": "whatever"}
    threads = [threading.Thread(target=instance.fetch, args=("POST", "/v1/chat/completions", body)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [len(engine.log()) for engine in pair] == [3, 3]


def test_one_that_is_down_is_left_out_and_comes_back(up, pair):
    instance = up("--upstream", pair[0].url, "--upstream", pair[1].url)
    both_known(instance, pair)
    body = {**scripted_chat(False), "model": "whatever"}
    pair[0].tell("refuse")
    pair[0].tell("drop")

    def only_the_other():
        return [instance.fetch("POST", "/v1/chat/completions", body).status for _ in range(6)] == [200] * 6
    wait_until(only_the_other, "all requests go to the one that is up", 15, every_s=0.2)
    assert pair[0].log() == []
    asked = instance.fetch("POST", "/v1/chat/completions", {**body, "model": "model-a"})
    assert asked.status == 503 and "model-a" in asked.json["error"]["message"] and "is down" in asked.json["error"]["message"]
    assert instance.sql("SELECT DISTINCT severity FROM events WHERE kind = 'engine.down'") == [{"severity": "warning"}]
    pair[0].tell("listen")

    def used_again():
        answers = [instance.fetch("POST", "/v1/chat/completions", {**body, "model": "model-a"}).json.get("model")]
        return answers == ["model-a"]
    wait_until(used_again, "the one that came back is used", 15, every_s=0.2)


def test_models_of_all_are_reachable_when_one_only_loads(up, pair):
    """A server that still loads gets no requests; the other one serves."""
    pair[0].tell("health", state="loading")
    instance = up("--upstream", pair[0].url, "--upstream", pair[1].url)
    for _ in range(4):
        answer = instance.fetch("POST", "/v1/chat/completions", {**scripted_chat(False), "model": "whatever"})
        assert answer.status == 200 and answer.json["model"] == "model-b"
