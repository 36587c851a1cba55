"""Content capture, which is off by default: structured messages on the CLIENT span."""

import json

import pytest

from collector.conftest import MESSAGES, MODEL, Exported
from support.engine import THREADS
from support.product import Up


@pytest.fixture(scope="module")
def capturing(binary, collector_and_sink, tiny_model, llama_server, tmp_path_factory):
    collector, sink = collector_and_sink
    up = Up(tmp_path_factory.mktemp("capturing"),
            ["--model", str(tiny_model), "--llama-server", str(llama_server), "--capture-content"],
            collector.environment("http/protobuf"),
            engine_arguments=[*THREADS, "-np", "1", "-c", "4096", "--alias", MODEL])
    yield Exported(up, sink)
    up.stop()


def answered(exchange) -> str:
    """The text that the client got."""
    if not exchange.row["stream"]:
        return exchange.response.json["choices"][0]["message"]["content"]
    chunks = [json.loads(event.removeprefix(b"data: ")) for event in exchange.response.events if b"[DONE]" not in event]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
def test_messages_in_and_out(capturing, stream):
    exchange = capturing.chat(stream=stream)
    attributes = exchange.spans[f"chat {MODEL}"].attributes
    assert json.loads(attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": MESSAGES[0]["content"]}]}]
    (message,) = json.loads(attributes["gen_ai.output.messages"])
    assert message["role"] == "assistant" and message["finish_reason"] == "length"
    assert message["parts"] == [{"type": "text", "content": answered(exchange)}]
