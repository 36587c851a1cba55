"""A real Collector hands on to us, over HTTP with gzip, as it does to any back end."""

import json
import subprocess

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult

from collector.otelcol import build, free_port
from receiver.conftest import address
from support.waiting import wait_until


def test_spans_come_through_a_collector(receiving, tmp_path):
    port = free_port()
    config = {"receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
              "exporters": {"otlphttp": {"endpoint": address(receiving, "http")}},
              "service": {"telemetry": {"metrics": {"level": "none"}},
                          "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlphttp"]}}}}
    path = tmp_path / "otelcol.json"
    path.write_text(json.dumps(config))
    with open(tmp_path / "log", "wb") as log:
        collector = subprocess.Popen([build(), "--config", f"file:{path}"], stdout=log, stderr=log)
    try:
        made = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{port}/v1/traces", timeout=5)
        span = TracerProvider().get_tracer("t").start_span("through a collector")
        span.end()
        wait_until(lambda: made.export([span]) == SpanExportResult.SUCCESS, "the Collector takes it", 20)
        wait_until(lambda: receiving.sql("SELECT 1 FROM received_spans WHERE name = 'through a collector'"),
                   "the span", 10, every_s=0.2)
    finally:
        collector.terminate()
        collector.wait(15)
