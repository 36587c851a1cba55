"""A collector that is down, silent or refusing costs the requests nothing; what is lost is counted."""

import statistics
import time

import pytest

from collector.otelcol import free_port
from collector.unwell import Refusing, Silent
from support.http import scripted_chat
from support.waiting import wait_until

REQUESTS = 40


def environment(port: int, protocol: str, **more: str) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "200", **more}


def losses(instance) -> dict[str, int]:
    return {row["name"]: int(row["run_count"]) for row in instance.sql("SELECT name, run_count FROM losses")}


def median_ms(instance) -> float:
    """Of plain answers that the scripted engine gives at once."""
    times = []
    for _ in range(REQUESTS):
        start = time.perf_counter()
        response = instance.fetch("POST", "/v1/chat/completions", scripted_chat(stream=False, tokens=2))
        times.append((time.perf_counter() - start) * 1e3)
        assert response.status == 200
    return statistics.median(times)


def export_lines(instance) -> list[str]:
    return [line for line in instance.log().splitlines() if "export of" in line and "fails" in line]


def check_unharmed(instance, loss: str) -> None:
    """Requests are as quick as anywhere, every one is stored, losses are counted, the log stays quiet."""
    assert median_ms(instance) < 100, "far below any export timeout"
    stored = wait_until(lambda: (n := instance.sql("SELECT count(*) AS n FROM requests")[0]["n"]) >= REQUESTS and n,
                        "all requests in the store", 10, every_s=0.2)
    assert stored == REQUESTS
    wait_until(lambda: losses(instance)[loss] > 0, f"{loss} counted", 15, every_s=0.3)
    assert len(export_lines(instance)) <= 2, "one line a minute for traces and one for metrics"
    started = time.monotonic()
    instance.stop()
    assert time.monotonic() - started < 12, "the collector must not hold up the end"


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_collector_down(up, scripted, protocol):
    instance = up("--upstream", scripted.url, environment=environment(free_port(), protocol))
    check_unharmed(instance, "spans_export_failed")


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_collector_silent(up, scripted, protocol):
    silent = Silent()
    try:
        more = {"OTEL_EXPORTER_OTLP_TIMEOUT": "1000"}
        instance = up("--upstream", scripted.url, environment=environment(silent.port, protocol, **more))
        check_unharmed(instance, "spans_export_failed")
        assert silent.connections > 0
    finally:
        silent.close()


def test_collector_silent_with_a_long_timeout_and_a_short_queue(up, scripted):
    """The queue fills, spans are dropped and counted, and the end is not delayed by the 30 s timeout."""
    silent = Silent()
    try:
        more = {"OTEL_EXPORTER_OTLP_TIMEOUT": "30000", "OTEL_BSP_MAX_QUEUE_SIZE": "20",
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5"}
        instance = up("--upstream", scripted.url, environment=environment(silent.port, "http/protobuf", **more))
        check_unharmed(instance, "spans_export_dropped")
    finally:
        silent.close()


@pytest.mark.parametrize("status", [400, 503])
def test_collector_refusing(up, scripted, status):
    refusing = Refusing(status)
    try:
        instance = up("--upstream", scripted.url, environment=environment(refusing.port, "http/protobuf"))
        check_unharmed(instance, "spans_export_failed")
        assert refusing.refused > 0
    finally:
        refusing.close()


def test_nothing_is_exported_unless_asked_for(up, scripted):
    instance = up("--upstream", scripted.url)
    instance.fetch("POST", "/v1/chat/completions", scripted_chat(stream=False, tokens=2))
    counted = losses(instance)
    assert counted["spans_export_failed"] == counted["spans_export_dropped"] == counted["metrics_export_failed"] == 0


def test_an_exporter_that_we_do_not_have_is_an_error_at_start(up, scripted):
    with pytest.raises(AssertionError, match="OTEL_TRACES_EXPORTER=zipkin is not supported"):
        up("--upstream", scripted.url, environment={"OTEL_TRACES_EXPORTER": "zipkin"})
