"""Traces of a real llama-server's requests, as a real Collector receives them."""

import pytest

from collector.conftest import MODEL
from support.waiting import wait_until

INTERNAL, SERVER, CLIENT = 1, 2, 3


@pytest.fixture(scope="module")
def streamed(exported):
    return exported.chat(stream=True)


@pytest.fixture(scope="module")
def plain(exported):
    return exported.chat(stream=False)


@pytest.fixture(scope="module", params=[True, False], ids=["streamed", "plain"])
def exchange(exported, request):
    return exported.chat(stream=request.param)


def test_the_tree(exchange):
    spans = exchange.spans
    assert set(spans) == {"POST /v1/chat/completions", f"chat {MODEL}", "queue", "prefill", "decode"}
    server, client = spans["POST /v1/chat/completions"], spans[f"chat {MODEL}"]
    assert (server.kind, client.kind) == (SERVER, CLIENT)
    assert server.parent_id == exchange.caller_span, "the caller's trace goes on"
    assert client.parent_id == server.span_id
    for name in ("queue", "prefill", "decode"):
        assert spans[name].kind == INTERNAL
        assert spans[name].parent_id == client.span_id
    assert {span.scope for span in spans.values()} == {"llamatelemetry"}


def test_children_lie_inside_and_touch(exchange):
    spans = exchange.spans
    server, client = spans["POST /v1/chat/completions"], spans[f"chat {MODEL}"]
    queue, prefill, decode = (spans[name] for name in ("queue", "prefill", "decode"))
    assert server.start_ns <= client.start_ns <= queue.start_ns
    assert queue.end_ns == prefill.start_ns
    assert prefill.end_ns == decode.start_ns
    assert decode.end_ns <= client.end_ns <= server.end_ns
    # On a busy machine several events can come in one read: a span is then empty, never negative.
    assert prefill.duration_ns >= 0 and decode.duration_ns >= 0


def test_phases_add_up_to_the_server_span(exchange):
    server = exchange.spans["POST /v1/chat/completions"]
    phases = {key: value for key, value in server.attributes.items()
              if key.startswith("llamatelemetry.phase.") and isinstance(value, int)}
    assert sum(phases.values()) == server.duration_ns == exchange.row["total_ns"]
    assert phases["llamatelemetry.phase.queue"] == exchange.row["queue_ns"]
    assert phases["llamatelemetry.phase.prefill"] == exchange.row["prefill_ns"]
    assert phases["llamatelemetry.phase.decode"] == exchange.row["decode_ns"]


def test_http_attributes(exchange):
    attributes = exchange.spans["POST /v1/chat/completions"].attributes
    assert attributes["http.request.method"] == "POST"
    assert attributes["http.route"] == attributes["url.path"] == "/v1/chat/completions"
    assert attributes["http.response.status_code"] == 200
    assert attributes["url.scheme"] == "http"
    assert attributes["client.address"] == "127.0.0.1"


def test_genai_attributes(exchange):
    attributes = exchange.spans[f"chat {MODEL}"].attributes
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.provider.name"] == "llama_cpp"
    assert attributes["gen_ai.request.model"] == MODEL
    assert attributes["gen_ai.request.max_tokens"] == 12
    assert attributes["gen_ai.request.temperature"] == 0
    assert attributes["gen_ai.request.seed"] == 3
    assert attributes["gen_ai.response.model"] == MODEL
    assert attributes["gen_ai.response.finish_reasons"] == ["length"]
    assert attributes["gen_ai.usage.output_tokens"] == 12
    assert attributes["gen_ai.usage.input_tokens"] == exchange.row["input_tokens"] > 0
    assert "error.type" not in attributes
    for content in ("gen_ai.input.messages", "gen_ai.output.messages"):
        assert content not in attributes, "content is captured only when asked for"


def test_the_answer_id_is_the_engines(plain):
    assert plain.spans[f"chat {MODEL}"].attributes["gen_ai.response.id"] == plain.response.json["id"]


def test_streams_say_so(streamed, plain):
    attributes = streamed.spans[f"chat {MODEL}"].attributes
    assert attributes["gen_ai.request.stream"] is True
    assert 0 < attributes["gen_ai.response.time_to_first_chunk"] <= streamed.row["ttft_ns"] / 1e9
    assert "gen_ai.request.stream" not in plain.spans[f"chat {MODEL}"].attributes
    assert "gen_ai.response.time_to_first_chunk" not in plain.spans[f"chat {MODEL}"].attributes


def test_the_resource_names_us_and_the_engine(exchange):
    resource = exchange.spans["queue"].resource
    assert resource["service.name"] == "llama-under-test"
    assert resource["deployment.environment.name"] == "lab"
    assert resource["telemetry.sdk.language"] == "cpp"
    assert resource["llamatelemetry.engine.slots"] == 2
    assert resource["llamatelemetry.engine.model"]
    assert {"service.version", "service.instance.id", "host.name", "process.pid"} <= resource.keys()


def test_an_unknown_route_has_one_span(exported):
    before = len(exported.sink.spans)
    exported.up.fetch("GET", "/no/such/thing")
    found = wait_until(lambda: [s for s in exported.sink.spans[before:] if s.attributes.get("url.path") == "/no/such/thing"],
                       "the span of an unknown route", 20)
    assert len(found) == 1
    assert found[0].name == "GET" and "http.route" not in found[0].attributes
    assert found[0].parent_id == ""


def test_the_store_has_the_same_spans(streamed, exported):
    rows = exported.up.sql(f"SELECT * FROM spans WHERE trace_id = '{streamed.trace_id}'")
    assert {(row["span_id"], row["name"], row["start_unix_ns"], row["duration_ns"]) for row in rows} == {
        (span.span_id, span.name, span.start_ns, span.duration_ns) for span in streamed.spans.values()}
