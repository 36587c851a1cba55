"""The same request direct to a real llama-server and through us: the client must get the same bytes.

One engine serves both ways. Temperature 0, a fixed seed and no prompt cache make its answers repeatable; what
is random or measured in them is taken out by normalise.py. The slot is fixed where the answer names it."""

import json

import pytest

from clients import normalise
from support.http import RawConnection
from support.product import Up

FIXED = {"temperature": 0, "seed": 7, "cache_prompt": False, "id_slot": 0, "max_tokens": 12}
MESSAGES = {"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "What is the time?"}]}
CHAT = {**MESSAGES, **FIXED}
PROMPT = {"prompt": "The long way down", **FIXED}
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"unit": {"type": "string", "enum": ["c", "f"]}}, "required": ["unit"]}}}
TOOLS = {**CHAT, "tools": [WEATHER], "tool_choice": "required", "max_tokens": 300,
         "logit_bias": {"261": 50, "2": 100}}  # token 261 opens a tool call, 2 ends the answer (tools/tiny_model)
SCHEMA = {"type": "object", "properties": {"unit": {"type": "string", "enum": ["c", "f"]}}, "required": ["unit"]}

CHAT_VARIANTS = {
    "simple": {},
    "usage": {"stream_options": {"include_usage": True}},
    "no-usage": {"stream_options": {"include_usage": False}},
    "progress": {"return_progress": True},
    "no-progress": {"return_progress": False},
    "progress-and-usage": {"return_progress": True, "stream_options": {"include_usage": True}},
    "timings-per-token": {"timings_per_token": True},
    "logprobs": {"logprobs": True, "top_logprobs": 3},
    "two-choices": {"n": 2, "id_slot": -1},
    "stop": {"stop": ["#"]},
    "json-schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "u", "schema": SCHEMA}},
                    "max_tokens": 80},
    "unicode": {"messages": [{"role": "user", "content": "日本語 ☃ \u0000 \ud83d\ude00 \"quoted\" \\ / é"}]},
    "unknown-model": {"model": "no-such-model"},
    "long-prompt": {"messages": [{"role": "user", "content": "word " * 800}]},
}

OTHER_INFERENCE = {
    "completions": ("/v1/completions", PROMPT),
    "completions-usage": ("/v1/completions", {**PROMPT, "stream_options": {"include_usage": True}}),
    "completions-progress": ("/v1/completions", {**PROMPT, "return_progress": True}),
    "native": ("/completion", {**PROMPT, "n_predict": 6}),
    "native-progress": ("/completion", {**PROMPT, "return_progress": True}),
    "native-completions": ("/completions", PROMPT),
    "native-probabilities": ("/completion", {**PROMPT, "n_probs": 2}),
    "chat-without-v1": ("/chat/completions", CHAT),
    "tools": ("/v1/chat/completions", TOOLS),
    "responses": ("/v1/responses", {"input": "Hello", "max_output_tokens": 8, "temperature": 0, "seed": 7,
                                    "cache_prompt": False, "id_slot": 0}),
    "responses-instructions": ("/v1/responses", {"input": [{"role": "user", "content": "Hello"}], "temperature": 0,
                                                 "instructions": "Be short.", "max_output_tokens": 8, "seed": 7,
                                                 "cache_prompt": False, "id_slot": 0}),
    "messages": ("/v1/messages", {"max_tokens": 8, "temperature": 0, "seed": 7, "cache_prompt": False, "id_slot": 0,
                                  "messages": [{"role": "user", "content": "Hello"}], "system": "Be short."}),
}

FAILING = {
    "bad-json": ("/v1/chat/completions", b'{"messages": [nonsense'),
    "empty-body": ("/v1/chat/completions", b""),
    "not-an-object": ("/v1/chat/completions", b"[1,2]"),
    "no-messages": ("/v1/chat/completions", b'{"stream":true}'),
    "wrong-types": ("/v1/chat/completions", b'{"messages":"hi","stream":"yes"}'),
    "context-overflow": ("/v1/chat/completions", json.dumps(
        {"messages": [{"role": "user", "content": "word " * 20000}], "stream": True}).encode()),
    "context-overflow-plain": ("/v1/completions", json.dumps({"prompt": "word " * 20000}).encode()),
    "no-embeddings": ("/v1/embeddings", b'{"input":"x"}'),
    "no-rerank": ("/v1/rerank", b'{"query":"x","documents":["y"]}'),
    "no-infill": ("/infill", b'{"input_prefix":"a","input_suffix":"b"}'),
    "unknown-route": ("/v1/no/such/route", b"{}"),
    "bad-utf8": ("/v1/chat/completions", b'{"messages":[{"role":"user","content":"\xff\xfe"}],"stream":true}'),
}

# Bodies that a careless rewriter would damage.
ODD_BODIES = {
    "whitespace": b'\r\n\t{ "messages" :[ {"role":"user","content":"hi"} ] , "stream" : true ,"max_tokens":4,'
                  b'"temperature":0,"id_slot":0,"cache_prompt":false }  \n',
    "escaped-key": b'{"messages":[{"role":"user","content":"hi"}],"str\\u0065am":true,"max_tokens":4,'
                   b'"temperature":0,"id_slot":0,"cache_prompt":false}',
    "duplicate-stream": b'{"stream":false,"messages":[{"role":"user","content":"hi"}],"max_tokens":4,"temperature":0,'
                        b'"id_slot":0,"cache_prompt":false,"stream":true}',
    "null-options": b'{"stream":true,"stream_options":null,"messages":[{"role":"user","content":"hi"}],"max_tokens":4,'
                    b'"temperature":0,"id_slot":0,"cache_prompt":false}',
    "empty-options": b'{"stream":true,"stream_options":{},"messages":[{"role":"user","content":"hi"}],"max_tokens":4,'
                     b'"temperature":0,"id_slot":0,"cache_prompt":false}',
    "stream-in-text": b'{"messages":[{"role":"user","content":"\\"stream\\":true,\\"return_progress\\":true}"}],'
                      b'"max_tokens":4,"temperature":0,"id_slot":0,"cache_prompt":false}',
    "nested-stream": b'{"messages":[{"role":"user","content":"hi","stream":true}],"metadata":{"stream":true},'
                     b'"max_tokens":4,"temperature":0,"id_slot":0,"cache_prompt":false}',
    "exact-numbers": b'{"messages":[{"role":"user","content":"hi"}],"stream":true,"max_tokens":4.0e0,"temperature":0.0,'
                     b'"seed":4294967295,"id_slot":0,"cache_prompt":false}',
    "deep": b'{"stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":4,"temperature":0,"id_slot":0,'
            b'"cache_prompt":false,"metadata":' + b'{"a":' * 60 + b"1" + b"}" * 60 + b"}",
}

READING = ["/health", "/v1/health", "/props", "/v1/models", "/models", "/lora-adapters", "/slots?fail_on_no_slot=0",
           "/no/such/page", "/no%20such%2Fpage?a=b&c=%26", "/metrics"]

NATIVE_TOOLS = {
    "/tokenize": {"content": "Hello, what is the time? ☃", "with_pieces": True},
    "/detokenize": {"tokens": [302, 331, 338, 338, 341]},
    "/apply-template": MESSAGES,
    "/v1/messages/count_tokens": {"messages": [{"role": "user", "content": "Hello"}]},
    "/v1/chat/completions/input_tokens": MESSAGES,
}


@pytest.fixture(scope="module")
def attached(binary, engine_direct, tmp_path_factory):
    """`up` before the very engine that the direct requests go to."""
    instance = Up(tmp_path_factory.mktemp("attached"), ["--upstream", engine_direct.url])
    yield instance
    instance.stop()


@pytest.fixture
def same(attached, engine_direct):
    """same(method, target, body, headers) asks both ways, compares everything, and returns our answer."""
    def ask(url, method, target, body, headers):
        with RawConnection(url) as connection:
            return connection.request(method, target, body, headers)

    def compare(method: str, target: str, body: bytes | dict | None = None, headers: list = ()):
        direct = ask(engine_direct.url, method, target, body, headers)
        ours = ask(attached.gateway, method, target, body, headers)
        assert ours.status == direct.status and ours.complete and direct.complete
        assert normalise.body(ours.body) == normalise.body(direct.body)
        assert normalise.headers(ours.headers) == normalise.headers(direct.headers)
        return ours

    return compare


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("variant", list(CHAT_VARIANTS))
def test_chat(same, variant, stream):
    answer = same("POST", "/v1/chat/completions", {**CHAT, **CHAT_VARIANTS[variant], "stream": stream})
    assert answer.status == 200
    asked_usage = CHAT_VARIANTS[variant].get("stream_options", {}).get("include_usage", False)
    if stream:  # what we add for measuring shows exactly when the client asked for it
        assert (b'"prompt_progress"' in answer.body) is CHAT_VARIANTS[variant].get("return_progress", False)
        assert (b'"usage"' in answer.body) is asked_usage


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("name", list(OTHER_INFERENCE))
def test_other_inference_routes(same, name, stream):
    target, body = OTHER_INFERENCE[name]
    assert same("POST", target, {**body, "stream": stream}).status == 200


@pytest.mark.parametrize("name", list(FAILING))
def test_errors_of_the_engine_pass_through(same, name):
    target, body = FAILING[name]
    assert same("POST", target, body).status >= 400


@pytest.mark.parametrize("name", list(ODD_BODIES))
def test_odd_but_legal_bodies(same, name):
    assert same("POST", "/v1/chat/completions", ODD_BODIES[name]).status == 200


@pytest.mark.parametrize("target", READING)
def test_reading_routes(same, target):
    same("GET", target)


@pytest.mark.parametrize("target", list(NATIVE_TOOLS))
def test_native_tools(same, target):
    assert same("POST", target, NATIVE_TOOLS[target]).status == 200


def test_slots(attached, engine_direct):
    """/slots shows the last task, which each request changes; its shape must be the same."""
    ours, direct = attached.fetch("GET", "/slots"), engine_direct.fetch("GET", "/slots")
    assert ours.status == direct.status == 200
    assert [slot.keys() for slot in ours.json] == [slot.keys() for slot in direct.json]


def test_cors_preflight(same):
    same("OPTIONS", "/v1/chat/completions", headers=[("Origin", "http://page.test"),
                                                    ("Access-Control-Request-Method", "POST")])


def test_cors_on_a_stream(same):
    same("POST", "/v1/chat/completions", {**CHAT, "stream": True}, [("Origin", "http://page.test")])


def test_head(same):
    same("HEAD", "/health")


def test_a_post_without_content_type(same):
    body = json.dumps({**CHAT, "stream": True}).encode()
    same("POST", "/v1/chat/completions", body, [("Content-Length", str(len(body)))])


def test_tool_call_is_really_one(same):
    answer = same("POST", "/v1/chat/completions", TOOLS)
    call = answer.json["choices"][0]["message"]["tool_calls"][0]["function"]
    assert call["name"] == "get_weather" and json.loads(call["arguments"])["unit"] in ("c", "f")
