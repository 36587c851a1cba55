"""Stored spans sent to a real OpenTelemetry Collector, and to servers that refuse them."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from collector.otelcol import Collector, build, free_port
from collector.sink import Sink
from support.product import sql

START = 1767225600000000000
MS = 1_000_000


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    sink = Sink()
    collector = Collector(build(), tmp_path_factory.mktemp("otelcol"), sink.url)
    yield collector, sink
    collector.stop()
    sink.close()


@pytest.fixture(params=["http/protobuf", "grpc"])
def sent(request, collected, program):
    """The spans that the Collector handed on, and what the export said."""
    collector, sink = collected
    sink.spans.clear()
    port = collector.grpc_port if request.param == "grpc" else collector.http_port
    said = program.json("otlp", "--endpoint", f"http://127.0.0.1:{port}", "--protocol", request.param)
    return said, {span.span_id: span for span in sink.spans}, len(sink.spans)


def test_every_span_once(sent, program):
    said, spans, count = sent
    stored = {row["span_id"] for row in sql(program.data, "SELECT span_id FROM spans")}
    assert set(spans) == stored and count == len(stored) == 21
    assert (said["spans"], said["taken"], said["rejected"], said["sent_again"]) == (21, 21, 0, 0)


def test_ids_times_and_kinds_are_kept(sent, program):
    _, spans, _ = sent
    for row in sql(program.data, "SELECT * FROM spans"):
        span = spans[row["span_id"]]
        assert (span.trace_id, span.parent_id or None, span.name) == (row["trace_id"], row["parent_span_id"], row["name"])
        assert (span.start_ns, span.duration_ns) == (row["start_unix_ns"], row["duration_ns"])
        assert span.kind == ["INTERNAL", "SERVER", "CLIENT"].index(row["kind"]) + 1
        assert span.status.get("code", 0) == ["UNSET", "OK", "ERROR"].index(row["status_code"])
        assert span.resource["service.name"] == row["service_name"]


def test_attributes_keep_their_types(sent):
    _, spans, _ = sent
    root = spans["0" * 15 + "1"]
    assert root.attributes == {"http.response.status_code": 200, "ratio": 0.5, "cached": True, "big": 9007199254740993}
    assert isinstance(root.attributes["ratio"], float)
    assert (root.resource, root.scope, root.trace_state) == ({"service.name": "web", "host.name": "h"}, "lib", "k=v")
    assert spans["0" * 15 + "2"].attributes == {"tags": ["a", "b"]}
    assert spans["0" * 15 + "2"].links == [("e" * 32, "d" * 16, {"why": "retry"})]
    own = spans["100".rjust(16, "c")].attributes
    assert own["gen_ai.response.finish_reasons"] == ["stop"] and own["gen_ai.request.temperature"] == 0.5
    failed = spans["0" * 15 + "5"]
    assert failed.status == {"code": 2, "message": "it broke"}
    assert failed.events == [("exception", START + 1030 * MS, {"exception.type": "Oops"})]


def test_prompts_only_by_name(sent, collected, program):
    _, spans, _ = sent
    assert "secret" not in str(spans)
    collector, sink = collected
    sink.spans.clear()
    program.done("otlp", "--endpoint", f"http://127.0.0.1:{collector.http_port}", "--with-content")
    assert {s.span_id for s in sink.spans if "secret" in str(s)} == {
        *(f"{i}00".rjust(16, "c") for i in "123"), "0" * 15 + "5", "0" * 15 + "6"}


def test_one_trace(collected, program):
    collector, sink = collected
    sink.spans.clear()
    said = program.done("otlp", "--endpoint", f"http://127.0.0.1:{collector.http_port}/v1/traces", "--trace", "f" * 32)
    assert {s.trace_id for s in sink.spans} == {"f" * 32} and len(sink.spans) == 6
    assert said.startswith("6 of 6 spans taken")
    assert program.done("otlp", "--endpoint", "http://127.0.0.1:9", "--since", "1s").startswith("0 of 0 spans"), "nothing to send"


def test_the_environment_says_where(collected, program):
    collector, sink = collected
    sink.spans.clear()
    program.done("otlp", environment={**collector.environment("grpc"), "OTEL_SDK_DISABLED": "true"})
    assert len(sink.spans) == 21


class Picky:
    """Answers each export with the next of its answers: status, headers, body. The last one stays."""

    def __init__(self, *answers: tuple[int, dict, bytes]):
        picky, self.answers, self.got = self, list(answers), []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                picky.got.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                status, headers, body = picky.answers.pop(0) if len(picky.answers) > 1 else picky.answers[0]
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_a_partial_success_is_a_failure_that_is_told(program):
    words = b"spans too old"
    partial = b"\x08\x03\x12" + bytes([len(words)]) + words  # rejected_spans = 3, error_message
    with Picky((200, {}, b"\x0a" + bytes([len(partial)]) + partial)) as collector:
        done = program.export("otlp", "--endpoint", collector.url)
        assert done.returncode == 1
        assert "18 of 21 spans taken" in done.stdout
        assert "did not take 3 of 21 spans: spans too old" in done.stderr
        assert len(collector.got) == 1, "what was refused is not sent again"


def test_a_busy_collector_is_waited_for(program):
    with Picky((503, {}, b""), (429, {"Retry-After": "1"}, b""), (200, {}, b"")) as collector:
        said = program.json("otlp", "--endpoint", collector.url)
        assert (said["taken"], said["sent_again"], len(collector.got)) == (21, 2, 3)
        assert len({body for _, _, body in collector.got}) == 1, "the same bytes each time"


@pytest.mark.parametrize(("status", "sentence"), [(400, "refuses the spans (400: no such tenant)"), (401, "OTEL_EXPORTER_OTLP_HEADERS"),
                                                  (404, "takes OTLP traces")])
def test_a_refusal_is_final(program, status, sentence):
    with Picky((status, {}, b"no such tenant")) as collector:
        said = program.refused("otlp", "--endpoint", collector.url)
        assert sentence in said and "0 of 21 spans were taken" in said
        assert len(collector.got) == 1


def test_headers_and_compression(program):
    with Picky((200, {}, b"")) as plain, Picky((200, {}, b"")) as small:
        program.done("otlp", "--endpoint", plain.url)
        program.done("otlp", "--endpoint", small.url, environment={
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=lab"})
        (path, headers, body), (_, zipped_headers, zipped) = plain.got[0], small.got[0]
        assert (path, headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
        assert (zipped_headers["Content-Encoding"], zipped_headers["x-tenant"]) == ("gzip", "lab")
        assert gzip.decompress(zipped) == body and len(zipped) < len(body)


def test_nobody_there(program):
    said = program.refused("otlp", "--endpoint", f"http://127.0.0.1:{free_port()}")
    assert "cannot connect to 127.0.0.1" in said


def test_nobody_there_over_grpc(program):
    said = program.refused("otlp", "--endpoint", f"http://127.0.0.1:{free_port()}", "--protocol", "grpc")
    assert "does not take the spans" in said
