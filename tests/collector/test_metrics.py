"""Metrics of a real llama-server's requests, as a real Collector receives them."""

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collector import conventions
from collector.conftest import MODEL, Exported, start
from collector.otelcol import Collector
from collector.sink import Sink, attributes
from support.waiting import wait_until


def metrics_with(sink, names):
    return wait_until(lambda: set(names) <= sink.metrics.keys() and dict(sink.metrics),
                      f"metrics {sorted(set(names) - sink.metrics.keys())}", 20)


def check_histograms(found, expected):
    for name, (unit, edges) in expected.items():
        metric = found[name]
        assert (metric.kind, metric.unit) == ("histogram", unit), name
        for point in metric.points:
            assert point["explicitBounds"] == edges, name
            assert len(point["bucketCounts"]) == len(edges) + 1
            assert sum(map(int, point["bucketCounts"])) == int(point["count"])


@pytest.fixture(scope="module")
def measured(exported):
    """Two streams and a plain answer, and the metrics once all three are in them."""
    exchanges = [exported.chat(stream=True), exported.chat(stream=True), exported.chat(stream=False)]

    def all_in():
        duration = exported.sink.metrics.get("gen_ai.server.request.duration")
        return duration and sum(int(p["count"]) for p in duration.points) >= 3 and dict(exported.sink.metrics)

    return exchanges, wait_until(all_in, "three requests in the metrics", 20)


def test_names_units_and_buckets(measured):
    _, found = measured
    check_histograms(found, conventions.SERVER | conventions.RELEASED)
    assert not [name for name in found if name.startswith("gen_ai.client.inference")]


def test_labels(measured):
    _, found = measured
    for name in (*conventions.SERVER, *conventions.RELEASED):
        for point in found[name].points:
            if name.startswith("gen_ai."):
                assert conventions.SHARED_LABELS <= attributes(point).keys(), name
                assert attributes(point)["gen_ai.request.model"] == MODEL
    point = found["http.server.request.duration"].point(http__route="/v1/chat/completions")
    assert attributes(point)["http.response.status_code"] == 200
    directions = {attributes(point)["gen_ai.token.type"] for point in found["gen_ai.client.token.usage"].points}
    assert directions == {"input", "output"}


def test_sums_are_those_of_the_rows(measured):
    exchanges, found = measured
    rows = [exchange.row for exchange in exchanges]
    server = found["gen_ai.server.request.duration"].point(gen_ai__request__model=MODEL)
    assert server["sum"] == pytest.approx(sum(row["upstream_ns"] for row in rows) / 1e9, rel=1e-9)
    first = found["gen_ai.server.time_to_first_token"].point(gen_ai__request__model=MODEL)
    assert first["sum"] == pytest.approx(sum(row["queue_ns"] + row["prefill_ns"] for row in rows) / 1e9, rel=1e-9)
    output = found["gen_ai.client.token.usage"].point(gen_ai__token__type="output")
    assert output["sum"] == 36
    chunks = found["gen_ai.client.operation.time_per_output_chunk"].point(gen_ai__request__model=MODEL)
    assert int(chunks["count"]) == sum(len(row["chunk_gaps_us"]) for row in rows if row["stream"])


def test_our_own_metrics(measured):
    _, found = measured
    for name, unit in {"llamatelemetry.request.queue_time": "s", "llamatelemetry.request.prefill_time": "s",
                       "llamatelemetry.gateway.overhead": "s",
                       "llamatelemetry.request.prefill_throughput": "{token}/s",
                       "llamatelemetry.request.decode_throughput": "{token}/s"}.items():
        assert (found[name].kind, found[name].unit) == ("histogram", unit)
    for name in ("requests.waiting", "requests.running", "connections", "engine.slots", "engine.up"):
        assert found[f"llamatelemetry.{name}"].kind == "gauge", name
    assert found["llamatelemetry.engine.restarts"].kind == "sum"
    losses = found["llamatelemetry.losses"]
    assert losses.kind == "sum"
    dropped = losses.point(llamatelemetry__loss__name="request_records_dropped")
    assert int(dropped["asInt"]) == 0
    assert found["llamatelemetry.losses"].resource["service.name"] == "llama-under-test"


def test_successor_names_when_opted_in(binary, otelcol, tiny_model, llama_server, tmp_path):
    sink = Sink()
    collector = Collector(otelcol, tmp_path, sink.url)
    environment = {**collector.environment("http/protobuf"),
                   "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}
    up = start(tmp_path, environment, tiny_model, llama_server)
    try:
        Exported(up, sink).chat(stream=True)
        Exported(up, sink).chat(stream=True)
        found = metrics_with(sink, [*conventions.SERVER, *conventions.SUCCESSOR, *conventions.SUCCESSOR_COUNTERS])
        check_histograms(found, conventions.SERVER | conventions.SUCCESSOR)
        for name, unit in conventions.SUCCESSOR_COUNTERS.items():
            assert (found[name].kind, found[name].unit) == ("sum", unit)
            assert all("gen_ai.token.modality" in attributes(point) for point in found[name].points)
        assert not conventions.RELEASED.keys() & found.keys()
    finally:
        up.stop()
        collector.stop()
        sink.close()


def test_the_prometheus_page_parses(exported):
    """By Prometheus' own parser: valid, histograms cumulative and consistent, names by OpenTelemetry's rules."""
    exported.chat(stream=True)
    with urllib.request.urlopen(f"{exported.up.console}/metrics", timeout=10) as response:
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        page = response.read().decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    for name in ("gen_ai_server_request_duration_seconds", "gen_ai_server_time_to_first_token_seconds",
                 "gen_ai_client_token_usage", "llamatelemetry_request_queue_time_seconds",
                 "http_server_request_duration_seconds"):
        family = families[name]
        assert family.type == "histogram" and family.documentation
        check_buckets(family)
    assert families["llamatelemetry_losses"].type == "counter"
    assert families["llamatelemetry_requests_waiting"].type == "gauge"
    target = families["target_info"].samples[0].labels
    assert target["service_name"] == "llama-under-test"
    assert target["llamatelemetry_engine_slots"] == "2"


def check_buckets(family):
    series = {}
    for sample in family.samples:
        key = frozenset((label, value) for label, value in sample.labels.items() if label != "le")
        entry = series.setdefault(key, {"buckets": []})
        if sample.name.endswith("_bucket"):
            entry["buckets"].append((float(sample.labels["le"]), sample.value))
        else:
            entry[sample.name.removeprefix(family.name)] = sample.value
    for entry in series.values():
        counts = [count for _, count in sorted(entry["buckets"])]
        assert counts == sorted(counts), "buckets are cumulative"
        assert max(edge for edge, _ in entry["buckets"]) == float("inf")
        assert counts[-1] == entry["_count"] > 0 and entry["_sum"] >= 0
