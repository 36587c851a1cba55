"""A real Collector, and what arrives there from a real llama-server's requests."""

import secrets
from dataclasses import dataclass

import pytest

from collector.otelcol import Collector, build
from collector.sink import Sink, Span
from support.engine import THREADS
from support.http import Response
from support.product import Up
from support.waiting import wait_until

MODEL = "tiny"
MESSAGES = [{"role": "user", "content": "Say something about the sea, in a few words."}]


@pytest.fixture(scope="session")
def otelcol():
    return build()


@pytest.fixture(scope="session")
def collector_and_sink(otelcol, tmp_path_factory):
    sink = Sink()
    collector = Collector(otelcol, tmp_path_factory.mktemp("otelcol"), sink.url)
    yield collector, sink
    collector.stop()
    sink.close()


@dataclass
class Exchange:
    """One request: who asked, what came back, what the Collector and the store know of it."""

    trace_id: str
    caller_span: str
    response: Response
    row: dict
    spans: dict[str, Span]


class Exported:
    """One `up` that exports to the Collector."""

    def __init__(self, up: Up, sink: Sink):
        self.up, self.sink = up, sink

    def chat(self, stream: bool, **more) -> Exchange:
        trace_id, caller = secrets.token_hex(16), secrets.token_hex(8)
        request_id = f"r-{trace_id[:12]}"
        body = {"model": MODEL, "messages": MESSAGES, "max_tokens": 12, "temperature": 0, "seed": 3,
                "stream": stream, **more}
        response = self.up.fetch("POST", "/v1/chat/completions", body, [
            ("traceparent", f"00-{trace_id}-{caller}-01"), ("X-Request-Id", request_id)])
        spans = wait_until(lambda: len(found := self.sink.trace(trace_id)) == 5 and found,
                           f"five spans of trace {trace_id}", 20)
        return Exchange(trace_id, caller, response, self.up.request_row(request_id), spans)


def start(folder, environment, tiny_model, llama_server) -> Up:
    return Up(folder, ["--model", str(tiny_model), "--llama-server", str(llama_server)], environment,
              engine_arguments=[*THREADS, "-np", "2", "-c", "4096", "--alias", MODEL])


@pytest.fixture(scope="module", params=["http/protobuf", "grpc"])
def exported(request, binary, collector_and_sink, tiny_model, llama_server, tmp_path_factory):
    collector, sink = collector_and_sink
    environment = {**collector.environment(request.param), "OTEL_SERVICE_NAME": "llama-under-test",
                   "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=lab"}
    sink.metrics.clear()
    up = start(tmp_path_factory.mktemp("exported"), environment, tiny_model, llama_server)
    yield Exported(up, sink)
    up.stop()
