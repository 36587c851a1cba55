"""Programs that send spans: OpenTelemetry's own Python SDK, and a plain HTTP client for what no SDK would send."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from engine.console import status

RECEIVING = ("--otlp-http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0")


@pytest.fixture
def receiving(up, scripted):
    """An instance that receives on free ports."""
    return up("--upstream", scripted.url, *RECEIVING)


def address(instance, protocol: str) -> str:
    return status(instance)["otlp"][protocol]


def exporter(instance, protocol: str, **options):
    if protocol == "grpc":
        return GrpcExporter(endpoint=address(instance, "grpc"), insecure=True, **options)
    return HttpExporter(endpoint=address(instance, "http") + "/v1/traces", **options)


def provider(instance, protocol: str, service: str = "agent", **options) -> TracerProvider:
    """An application's tracing; shutdown() sends what is left."""
    made = TracerProvider(resource=Resource.create({"service.name": service}))
    made.add_span_processor(BatchSpanProcessor(exporter(instance, protocol, **options)))
    return made


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)


def post(instance, body: bytes, path: str = "/v1/traces", method: str = "POST", **headers: str) -> Answer:
    named = {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
    request = urllib.request.Request(address(instance, "http") + path, body, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read())


def span_json(trace: str = "5b8efff798038103d269b633813fc60c", span: str = "eee19b7ec3c1b174", **more) -> dict:
    now = time.time_ns()  # what is older than the store's retention would be deleted at its next look
    return {"traceId": trace, "spanId": span, "name": "n", "kind": 1, "startTimeUnixNano": str(now - 500),
            "endTimeUnixNano": str(now), **more}


def request_json(*spans: dict, resource: dict | None = None) -> bytes:
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in (resource or {}).items()]
    return json.dumps({"resourceSpans": [{"resource": {"attributes": attributes},
                                          "scopeSpans": [{"spans": list(spans)}]}]}).encode()
