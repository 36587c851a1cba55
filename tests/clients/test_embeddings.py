"""Embeddings and reranking need an engine that was started for them; `--` passes the flags on."""

import openai
import pytest

from support.engine import THREADS
from support.product import Up


@pytest.fixture(scope="module")
def embedder(binary, llama_server, tiny_model, tmp_path_factory):
    instance = Up(tmp_path_factory.mktemp("embedder"), ["--model", str(tiny_model), "--llama-server",
                  str(llama_server)], engine_arguments=[*THREADS, "-c", "2048", "--embeddings", "--pooling", "mean"])
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def client(embedder):
    with openai.OpenAI(base_url=embedder.gateway + "/v1", api_key="unused", max_retries=0, timeout=20) as made:
        yield made


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings(client, encoding):
    answer = client.embeddings.create(model="tiny", input=["Hello", "world", "again"], encoding_format=encoding)
    assert len(answer.data) == 3 and answer.usage.prompt_tokens > 0


def test_default_encoding_of_the_client(client):
    vector = client.embeddings.create(model="tiny", input="Hello").data[0].embedding
    assert len(vector) == 128 and abs(sum(x * x for x in vector) - 1) < 1e-3


def test_embeddings_are_stored(embedder):
    embedder.fetch("POST", "/v1/embeddings", {"input": ["Hello", "world"]}, [("X-Request-Id", "embed-1")])
    row = embedder.request_row("embed-1")
    assert (row["operation"], row["route"], row["http_status"]) == ("embeddings", "/v1/embeddings", 200)
    assert row["input_tokens"] == 12 and row["output_tokens"] is None and row["ttft_ns"] is None
