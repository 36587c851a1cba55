"""Token counts, finish reasons and what else the engine said arrive in the store exactly."""

import random

import pytest

from truth.driver import next_tag, rows_of, send

ROUTES = {"/v1/chat/completions": "chat", "/v1/completions": "text_completion", "/completion": "text_completion"}


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("path", list(ROUTES))
def test_token_counts_are_exact(through, scripted, path, stream):
    rng = random.Random(path)
    scripts = {}
    for _ in range(12):
        prompt = rng.randint(1, 5000)
        scripts[next_tag("tokens")] = {"prompt_tokens": prompt, "cached_tokens": rng.randint(0, prompt),
                                       "tokens": rng.randint(1, 40)}
    for tag, script in scripts.items():
        assert send(through, tag, stream, path, **script).complete
    for tag, row in rows_of(through, list(scripts)).items():
        script = scripts[tag]
        stored = (row["input_tokens"], row["cached_tokens"], row["output_tokens"])
        assert stored == (script["prompt_tokens"], script["cached_tokens"], script["tokens"]), tag
        assert row["prompt_tokens_processed"] == script["prompt_tokens"] - script["cached_tokens"]
        assert row["operation"] == ROUTES[path] and row["route"] == path and row["stream"] is stream


@pytest.mark.parametrize("usage", [True, False, None], ids=["usage", "no-usage", "unsaid"])
def test_counts_do_not_depend_on_whether_the_client_wants_usage(through, scripted, usage):
    tag = next_tag("usage")
    more = {} if usage is None else {"stream_options": {"include_usage": usage}}
    answer = send(through, tag, True, more=more, tokens=5, prompt_tokens=31, cached_tokens=7)
    row = rows_of(through, [tag])[tag]
    assert (row["input_tokens"], row["cached_tokens"], row["output_tokens"]) == (31, 7, 5)
    assert (b'"usage"' in answer.body) is bool(usage)


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls"])
def test_finish_reason_and_models_are_stored(through, scripted, reason):
    tag = next_tag("finish")
    send(through, tag, True, finish_reason=reason)
    row = rows_of(through, [tag])[tag]
    assert row["finish_reason"] == reason
    assert row["model"] == row["response_model"] == "scripted-model"
    assert row["http_status"] == 200 and row["error_type"] is None and row["provider"] == "llama_cpp"


def test_request_parameters_are_stored_as_given(through, scripted):
    tag = next_tag("parameters")
    given = {"temperature": 0.25, "top_p": 0.5, "top_k": 7, "seed": 42, "max_tokens": 99, "n": 1}
    send(through, tag, True, more=given)
    row = rows_of(through, [tag])[tag]
    stored = {**{key: row[key] for key in given if key != "n"}, "n": row["choice_count"]}
    assert stored == given


def test_parameters_not_given_are_null(through, scripted):
    tag = next_tag("nothing-given")
    send(through, tag, True)
    row = rows_of(through, [tag])[tag]
    unknown = ("temperature", "top_p", "top_k", "seed", "max_tokens", "choice_count", "conversation_id",
               "reasoning_tokens", "draft_tokens", "request_content", "response_content")
    assert {name: row[name] for name in unknown} == dict.fromkeys(unknown)


def test_an_error_answer_is_stored_as_such(through, scripted):
    tag = next_tag("error")
    answer = send(through, tag, True, status=500)
    assert answer.status == 500
    row = rows_of(through, [tag])[tag]
    assert row["http_status"] == 500 and row["error_type"] and row["output_tokens"] is None
