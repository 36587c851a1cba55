"""What an application's own SDK sends is in the store, whole, when its export returns."""

import time

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.propagate import inject
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context

from collector.otelcol import free_port
from receiver.conftest import provider
from support.http import scripted_chat

PROTOCOLS = ["http", "grpc"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_span_arrives_as_it_was(receiving, protocol):
    application = provider(receiving, protocol)
    tracer = application.get_tracer("planner")
    with tracer.start_as_current_span("earlier") as earlier:
        pass
    with tracer.start_as_current_span("plan", kind=SpanKind.CONSUMER, links=[Link(earlier.get_span_context())]) as span:
        span.set_attribute("gen_ai.agent.name", "Zoë")
        span.set_attribute("tries", [1, 2])
        span.add_event("thought", {"depth": 2})
        span.set_status(Status(StatusCode.ERROR, "no idea"))
    application.shutdown()
    trace = f"{span.get_span_context().trace_id:032x}"
    row, = receiving.sql(f"SELECT * FROM spans WHERE trace_id = '{trace}'")
    assert row["span_id"] == f"{span.get_span_context().span_id:016x}" and row["parent_span_id"] is None
    assert (row["name"], row["kind"], row["service_name"], row["scope"]) == ("plan", "CONSUMER", "agent", "planner")
    assert (row["status_code"], row["status_message"]) == ("ERROR", "no idea")
    assert row["start_unix_ns"] == span.start_time and row["duration_ns"] == span.end_time - span.start_time
    assert row["attributes"] == {"gen_ai.agent.name": "Zoë", "tries": [1, 2]}
    assert row["resource_attributes"]["telemetry.sdk.language"] == "python"
    event, = row["events"]
    assert (event["name"], event["attributes"]) == ("thought", {"depth": 2})
    link, = row["links"]
    assert link["span_id"] == f"{earlier.get_span_context().span_id:016x}"


def test_a_trace_begins_in_the_application(receiving):
    """The application's span is the root, our spans hang below it, in `trace` as in the store."""
    application = provider(receiving, "http")
    with application.get_tracer("app").start_as_current_span("answer the user", kind=SpanKind.CLIENT) as span:
        headers = {}
        inject(headers, set_span_in_context(span))
        answer = receiving.fetch("POST", "/v1/chat/completions", scripted_chat(False),
                                 [("X-Request-Id", "asked"), *headers.items()])
        assert answer.status == 200
    application.shutdown()
    receiving.request_row("asked")
    trace = f"{span.get_span_context().trace_id:032x}"
    spans = {row["name"]: row for row in receiving.sql(f"SELECT * FROM spans WHERE trace_id = '{trace}'")}
    ours = spans["POST /v1/chat/completions"]
    assert ours["parent_span_id"] == spans["answer the user"]["span_id"]
    tree = receiving.command("trace", trace)
    assert tree.index("answer the user") < tree.index("POST /v1/chat/completions") < tree.index("decode")
    edges = receiving.sql("SELECT 1 FROM spans a JOIN spans b ON a.span_id = b.parent_span_id AND a.trace_id = b.trace_id "
                          "WHERE a.service_name = 'agent' AND b.service_name = 'llamatelemetry'")
    assert len(edges) == 1
    services = receiving.command("graph", "services")
    assert "agent" in services and "llamatelemetry" in services


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_many_spans_from_many_threads(receiving, protocol):
    """Nothing is lost and nothing comes twice."""
    applications = [provider(receiving, protocol, f"service-{number}") for number in range(4)]
    for application in applications:
        tracer = application.get_tracer("many")
        for number in range(1500):
            with tracer.start_as_current_span(f"s{number}"):
                pass
    for application in applications:
        application.shutdown()
    counted = receiving.sql("SELECT service_name, count(*) AS n, count(DISTINCT span_id) AS distinct_ids FROM "
                            "received_spans GROUP BY ALL ORDER BY ALL")
    assert counted == [{"service_name": f"service-{number}", "n": 1500, "distinct_ids": 1500} for number in range(4)]


def test_gzip_is_understood(receiving):
    application = provider(receiving, "http", compression=Compression.Gzip)
    with application.get_tracer("t").start_as_current_span("packed"):
        pass
    application.shutdown()
    assert receiving.sql("SELECT count(*) AS n FROM received_spans WHERE name = 'packed'")[0]["n"] == 1


def test_our_own_export_to_ourselves_doubles_nothing(up, scripted, tmp_path):
    port = free_port()
    instance = up("--upstream", scripted.url, "--otlp-http", f"127.0.0.1:{port}", "--otlp-grpc", "off",
                  environment={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": "50",
                               "OTEL_METRICS_EXPORTER": "none"})
    for number in range(3):
        assert instance.fetch("POST", "/v1/chat/completions", scripted_chat(False), [("X-Request-Id", f"o{number}")]).status == 200
    instance.request_row("o2")
    time.sleep(0.7)
    assert instance.sql("SELECT count(*) AS n FROM received_spans")[0]["n"] == 0
    assert instance.sql("SELECT count(*) AS n, count(DISTINCT span_id) AS ids FROM spans WHERE trace_id IN "
                        "(SELECT trace_id FROM requests)")[0]["n"] == 3 * 5
