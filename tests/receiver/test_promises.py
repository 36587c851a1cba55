"""What is acknowledged is kept, what is not kept is said, whoever has no key is refused."""

import gzip
import json
import socket
import threading

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult

from engine.console import status
from faults.test_disk_full import fill
from receiver.conftest import RECEIVING, post, request_json, span_json
from support.http import scripted_chat
from support.product import sql
from support.small_disk import small_disk_in
from support.waiting import wait_until

METRICS = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [
    {"name": "m", "gauge": {"dataPoints": [{"asInt": "1", "timeUnixNano": "1"}, {"asInt": "2", "timeUnixNano": "2"}]}}]}]}]})
LOGS = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "1", "body": {"stringValue": "x"}}]}]}]})


def test_what_was_acknowledged_survives_kill_9(receiving):
    """Killed while senders send: every span whose export had returned is there."""
    acknowledged, stop = [], threading.Event()

    def send(sender: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            span = f"{sender:02x}{number:014x}"
            try:
                if post(receiving, request_json(span_json(span=span))).status == 200:
                    acknowledged.append(span)
            except OSError:
                return

    senders = [threading.Thread(target=send, args=(number,)) for number in range(1, 4)]
    for sender in senders:
        sender.start()
    wait_until(lambda: len(acknowledged) >= 30, "30 acknowledged requests", 20)
    receiving.kill()
    stop.set()
    for sender in senders:
        sender.join(30)
    kept = {row["span_id"] for row in sql(receiving.data, "SELECT span_id FROM received_spans")}
    assert set(acknowledged) <= kept


def test_a_full_disk_acknowledges_nothing(up, scripted, tmp_path):
    with small_disk_in(tmp_path, 24) as disk:
        instance = up("--upstream", scripted.url, *RECEIVING, data=disk / "data")
        assert post(instance, request_json(span_json(span="00000000000000a1"))).status == 200
        fill(disk)
        refused = wait_until(lambda: (a := post(instance, request_json(span_json(span="00000000000000a2")))).status != 200
                             and a, "a refusal", 30)
        assert refused.status == 503 and refused.headers["Retry-After"] == "1"
        assert refused.json()["code"] == 14 and "try again" in refused.json()["message"]
        assert instance.fetch("POST", "/v1/chat/completions", scripted_chat(False)).status == 200
        (disk / "filler").unlink()
        wait_until(lambda: post(instance, request_json(span_json(span="00000000000000a3"))).status == 200,
                   "spans are taken again", 30, every_s=0.3)
        kept = {row["span_id"] for row in instance.sql("SELECT span_id FROM received_spans")}
        assert {"00000000000000a1", "00000000000000a3"} <= kept
        instance.stop()


def test_what_is_not_a_span_is_named(receiving):
    answer = post(receiving, request_json(span_json(), span_json(trace="00" * 16), span_json(endTimeUnixNano="1")))
    assert answer.status == 200
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "2"
    assert "trace id" in answer.json()["partialSuccess"]["errorMessage"]
    assert receiving.sql("SELECT count(*) AS n FROM received_spans")[0]["n"] == 1
    wait_until(lambda: [loss for loss in status(receiving)["losses"]
                        if loss["name"] == "received_spans_rejected" and loss["count"] == 2], "the loss", 5, every_s=0.2)


@pytest.mark.parametrize("path, body, member", [("/v1/metrics", METRICS, {"rejectedDataPoints": "2"}),
                                                ("/v1/logs", LOGS, {"rejectedLogRecords": "1"})])
def test_metrics_and_logs_are_answered_and_not_kept(receiving, path, body, member):
    answer = post(receiving, body.encode(), path)
    assert answer.status == 200
    assert member.items() <= answer.json()["partialSuccess"].items()
    assert "keeps traces" in answer.json()["partialSuccess"]["errorMessage"]


@pytest.mark.parametrize("body, headers, code", [
    (b"{", {}, 400), (b"[]", {}, 400), (b'{"resourceSpans": 7}', {}, 400), (b"\xff" * 40, {}, 400),
    (b"\x0a\xff\xff\xff\xff\x7f", {"Content_Type": "application/x-protobuf"}, 400),
    (b"not gzip", {"Content_Encoding": "gzip"}, 400), (b"{}", {"Content_Encoding": "zstd"}, 400),
    (gzip.compress(b" " * (40 << 20)), {"Content_Encoding": "gzip"}, 413), (b" " * (17 << 20), {}, 413),
    (b"{}", {"Content_Type": "text/plain"}, 415), (b"{}", {"Origin": "http://evil.example"}, 403)])
def test_bad_bodies(receiving, body, headers, code):
    try:
        answer = post(receiving, body, **headers)
    except OSError:  # the answer came while the rest was still being sent
        assert code == 413 and len(body) > 16 << 20
    else:
        assert answer.status == code
        if answer.headers["Content-Type"] == "application/json":
            assert answer.json()["message"]
    assert post(receiving, b"{}").status == 200  # the next one is served


def test_other_paths_and_methods(receiving):
    assert post(receiving, b"{}", "/v1/profiles").status == 404
    answer = post(receiving, None, method="GET")
    assert answer.status == 405 and answer.headers["Allow"] == "POST"


def test_a_slow_or_broken_sender_holds_up_nobody(receiving):
    host, port = status(receiving)["otlp"]["http"].removeprefix("http://").split(":")
    lame = [socket.create_connection((host, int(port))) for _ in range(20)]
    for connection in lame:
        connection.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{")
    assert post(receiving, request_json(span_json())).status == 200
    lame[0].close()
    lame[1].sendall(b"\x00" * 10)
    assert post(receiving, request_json(span_json())).status == 200
    garbage = socket.create_connection((host, int(port)))
    garbage.sendall(b"\x16\x03\x01\x02\x00" * 10 + b"\r\n\r\n")
    assert garbage.recv(100).startswith(b"HTTP/1.1 400")
    for connection in lame[1:]:
        connection.close()


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_keys(up, scripted, tmp_path, protocol):
    keys = tmp_path / "keys"
    keys.write_text("sesame\n")
    instance = up("--upstream", scripted.url, *RECEIVING, "--api-key-file", str(keys))
    # The console asks for the key as well, so the log tells the address.
    lines = [line for line in instance.log().splitlines() if "spans of others are received over" in line]
    url = lines[0 if protocol == "http" else 1].rsplit(" ", 1)[1]
    span = TracerProvider().get_tracer("t").start_span("s")
    span.end()

    def export(headers):
        made = (GrpcExporter(endpoint=url, insecure=True, headers=headers) if protocol == "grpc"
                else HttpExporter(endpoint=url + "/v1/traces", headers=headers))
        return made.export([span])
    assert export({"authorization": "Bearer open"}) == SpanExportResult.FAILURE
    assert export({}) == SpanExportResult.FAILURE
    assert export({"authorization": "Bearer sesame"}) == SpanExportResult.SUCCESS
    instance.stop()
    assert sql(instance.data, "SELECT count(*) AS n FROM received_spans")[0]["n"] == 1


def test_a_taken_default_port_is_theirs(up, scripted, tmp_path):
    with socket.socket() as theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            theirs.bind(("127.0.0.1", 4318))
            theirs.listen()
        except OSError:
            pass  # someone else has it already, which serves as well
        instance = up("--upstream", scripted.url, receive=False)
        assert status(instance)["otlp"]["http"] is None
        assert "spans of others are not received over HTTP: port 4318" in instance.log()


def test_a_taken_port_that_was_asked_for_is_an_error(up, scripted):
    with socket.socket() as theirs:
        theirs.bind(("127.0.0.1", 0))
        theirs.listen()
        port = theirs.getsockname()[1]
        for flag in ("--otlp-http", "--otlp-grpc"):
            instance = up("--upstream", scripted.url, flag, f"127.0.0.1:{port}", wait_ready_s=None)
            assert instance.process.wait(10) == 1
            assert f"port {port}" in instance.log() and flag in instance.log()


def test_off_and_nonsense(up, scripted):
    instance = up("--upstream", scripted.url, "--otlp-http", "off", "--otlp-grpc", "off")
    assert status(instance)["otlp"] == {"http": None, "grpc": None}
    assert "not received" in instance.command("status")
    for arguments in (["--otlp-http", "nowhere:port"], ["--otlp-grpc", "0.0.0.0:4317"]):
        bad = up("--upstream", scripted.url, *arguments, wait_ready_s=None)
        assert bad.process.wait(10) == 2 and arguments[0] in bad.log()
