"""Where the Collector hands on what it got: an HTTP server that keeps OTLP JSON."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def plain(value: dict):
    """An OTLP AnyValue as a Python value."""
    kind, inner = next(iter(value.items()))
    if kind == "intValue":
        return int(inner)
    if kind == "arrayValue":
        return [plain(item) for item in inner.get("values", [])]
    return inner


def attributes(owner: dict) -> dict:
    return {item["key"]: plain(item["value"]) for item in owner.get("attributes", [])}


@dataclass
class Span:
    name: str
    kind: int  # 1 internal, 2 server, 3 client
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int
    status: dict
    attributes: dict
    resource: dict
    scope: str
    trace_state: str = ""
    events: list[tuple[str, int, dict]] = field(default_factory=list)
    links: list[tuple[str, str, dict]] = field(default_factory=list)

    @property
    def duration_ns(self) -> int:
        return self.end_ns - self.start_ns


@dataclass
class Metric:
    name: str
    unit: str
    kind: str  # histogram, sum or gauge
    points: list[dict]
    resource: dict

    def point(self, **wanted) -> dict:
        """The one point with these attributes, dots written as double underscores."""
        match = {key.replace("__", "."): value for key, value in wanted.items()}
        found = [p for p in self.points if match.items() <= attributes(p).items()]
        assert len(found) == 1, f"{len(found)} points of {self.name} with {match}: {[attributes(p) for p in self.points]}"
        return found[0]


@dataclass
class Sink:
    """Thread-safe enough: lists only grow."""

    spans: list[Span] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)  # the last state of each

    def __post_init__(self):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == "/v1/traces":
                    sink._take_traces(document)
                else:
                    sink._take_metrics(document)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def trace(self, trace_id: str) -> dict[str, Span]:
        return {span.name: span for span in self.spans if span.trace_id == trace_id}

    def _take_traces(self, document: dict) -> None:
        for resource in document["resourceSpans"]:
            about = attributes(resource["resource"])
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    self.spans.append(Span(
                        span["name"], span["kind"], span["traceId"], span["spanId"], span.get("parentSpanId", ""),
                        int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]), span.get("status", {}),
                        attributes(span), about, scope["scope"].get("name", ""), span.get("traceState", ""),
                        [(event["name"], int(event["timeUnixNano"]), attributes(event))
                         for event in span.get("events", [])],
                        [(link["traceId"], link["spanId"], attributes(link)) for link in span.get("links", [])]))

    def _take_metrics(self, document: dict) -> None:
        for resource in document["resourceMetrics"]:
            about = attributes(resource["resource"])
            for scope in resource["scopeMetrics"]:
                for metric in scope["metrics"]:
                    kind = next(key for key in ("histogram", "sum", "gauge") if key in metric)
                    self.metrics[metric["name"]] = Metric(metric["name"], metric.get("unit", ""), kind,
                                                          metric[kind].get("dataPoints", []), about)
