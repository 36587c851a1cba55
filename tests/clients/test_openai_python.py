"""The official OpenAI client for Python against a real llama-server that `up` manages."""

import json

import openai
import pytest

from support.waiting import wait_until

MESSAGES = [{"role": "user", "content": "What is the time?"}]
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"unit": {"type": "string", "enum": ["c", "f"]}}, "required": ["unit"]}}}
MODEL = "tiny"


@pytest.fixture(scope="module")
def client(served):
    with openai.OpenAI(base_url=served.gateway + "/v1", api_key="unused", max_retries=0, timeout=20) as made:
        yield made


def test_models(client):
    assert len(client.models.list().data) == 1


def test_chat(client):
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=9, temperature=0)
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 9


def test_chat_streamed(client):
    with client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=9, temperature=0,
                                        stream=True) as stream:
        chunks = list(stream)
    assert sum(bool(c.choices[0].delta.content) for c in chunks) == 9
    assert chunks[-1].choices[0].finish_reason == "length"
    assert not any(chunk.usage for chunk in chunks)
    assert not any("prompt_progress" in (chunk.model_extra or {}) for chunk in chunks)


def test_chat_streamed_with_usage(client):
    stream = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=5, temperature=0, stream=True,
                                            stream_options={"include_usage": True})
    last = list(stream)[-1]
    assert last.choices == [] and last.usage.completion_tokens == 5


def test_chat_streamed_with_progress_asked_for(client):
    stream = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=2, stream=True,
                                            extra_body={"return_progress": True})
    assert any("prompt_progress" in (chunk.model_extra or {}) for chunk in stream)


def test_streamed_text_is_the_plain_text(client):
    options = {"model": MODEL, "messages": MESSAGES, "max_tokens": 30, "temperature": 0, "seed": 3}
    plain = client.chat.completions.create(**options).choices[0].message.content
    parts = client.chat.completions.create(**options, stream=True)
    assert "".join(part.choices[0].delta.content or "" for part in parts) == plain


def test_completions(client):
    answer = client.completions.create(model=MODEL, prompt="The long", max_tokens=6, temperature=0)
    assert answer.choices[0].text and answer.usage.completion_tokens == 6


def test_completions_streamed(client):
    parts = list(client.completions.create(model=MODEL, prompt="The long", max_tokens=6, temperature=0, stream=True))
    assert sum(bool(part.choices[0].text) for part in parts) == 6


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_tools(client, stream):
    options = {"model": MODEL, "messages": MESSAGES, "tools": [WEATHER], "tool_choice": "required", "max_tokens": 300,
               "temperature": 0, "logit_bias": {"261": 50, "2": 100}}
    if stream:
        name = arguments = ""
        for chunk in client.chat.completions.create(**options, stream=True):
            for call in chunk.choices[0].delta.tool_calls or []:
                name += call.function.name or ""
                arguments += call.function.arguments or ""
            reason = chunk.choices[0].finish_reason
    else:
        choice = client.chat.completions.create(**options).choices[0]
        name, arguments = choice.message.tool_calls[0].function.name, choice.message.tool_calls[0].function.arguments
        reason = choice.finish_reason
    assert name == "get_weather" and json.loads(arguments)["unit"] in ("c", "f") and reason == "tool_calls"


def test_responses(client):
    answer = client.responses.create(model=MODEL, input="Hello", max_output_tokens=6, temperature=0)
    assert answer.output_text and answer.usage.output_tokens == 6


def test_responses_streamed(client):
    events = list(client.responses.create(model=MODEL, input="Hello", max_output_tokens=6, temperature=0, stream=True))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"] and kinds[-1] == "response.completed"
    assert kinds.count("response.in_progress") == 1
    assert kinds.count("response.output_text.delta") == 6


def test_cancel_frees_the_slot(client, served):
    """Leaving a stream ends the engine's work long before the tokens asked for are made."""
    stream = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=4000, stream=True,
                                            extra_headers={"X-Request-Id": "python-cancel"})
    next(iter(stream))
    stream.close()
    row = served.request_row("python-cancel")
    assert row["error_type"] and row["content_chunks"] < 4000
    wait_until(lambda: not any(s["is_processing"] for s in served.fetch("GET", "/slots").json), "all slots free", 3)


def test_context_overflow_is_a_bad_request(client):
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "word " * 20000}])
    assert "context" in raised.value.message


def test_unknown_route_is_not_found(client):
    with pytest.raises(openai.NotFoundError):
        client.post("/no/such/route", cast_to=object, body={})


def test_missing_messages_is_a_clear_error(client):
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model=MODEL, messages=None)
    assert raised.value.status_code >= 400 and raised.value.body


def test_embeddings_without_support_is_an_api_error(client):
    with pytest.raises(openai.APIStatusError) as raised:
        client.embeddings.create(model=MODEL, input="x")
    assert raised.value.status_code == 501
