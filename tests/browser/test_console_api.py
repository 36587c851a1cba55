"""The console's API over HTTP: what programs rely on."""

import http.client
import json
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from support import places
from support.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


def get(instance, path: str):
    with urllib.request.urlopen(instance.console + path, timeout=10) as answer:
        return json.load(answer)


def post_query(instance, **members) -> tuple[int, bytes]:
    request = urllib.request.Request(f"{instance.console}/api/v1/query", json.dumps(members).encode())
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def events(instance, count: int, headers: dict[str, str] | None = None) -> list[tuple[str, str, dict]]:
    """The first `count` events of the live stream: name, id, data."""
    request = urllib.request.Request(f"{instance.console}/api/v1/live", headers=headers or {})
    found, name, number = [], "", ""
    with urllib.request.urlopen(request, timeout=10) as stream:
        for line in stream:
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text[7:]
            elif text.startswith("id: "):
                number = text[4:]
            elif text.startswith("data: "):
                found.append((name, number, json.loads(text[6:])))
                if len(found) == count:
                    return found
    raise AssertionError(f"the stream ended after {len(found)} events")


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_query_gives_the_bytes_of_the_command(through, send_chat, form):
    send_chat(through, f"bytes-{form}", tokens=3)
    through.request_row(f"bytes-{form}")
    sql = f"SELECT request_id, total_ns, queue_ns, finish_reason FROM requests WHERE request_id = 'bytes-{form}'"
    status, body = post_query(through, sql=sql, format=form)
    assert status == 200
    command = [places.product(), "query", sql, "--format", form, "--data", str(through.data)]
    assert subprocess.run(command, capture_output=True, check=True, timeout=20).stdout == body


def test_query_errors_are_json(through):
    status, body = post_query(through, sql="SELECT nonsense FROM requests")
    assert status == 400 and "nonsense" in json.loads(body)["error"]["message"]
    status, body = post_query(through, sql="DELETE FROM requests")
    assert status in (400, 403), body


def test_query_timeout(through):
    status, body = post_query(through, sql="SELECT count(*) FROM range(100000000000) a", timeout_ms=200)
    assert status == 504, body


def test_client_that_leaves_ends_its_query(through):
    slow = json.dumps({"sql": "SELECT count(*) FROM range(100000000000) a", "timeout_ms": 60000})
    connections = []
    for _ in range(2):  # as many as run at once
        connection = http.client.HTTPConnection(through.console.removeprefix("http://"), timeout=30)
        connection.request("POST", "/api/v1/query", slow)
        connections.append(connection)
    time.sleep(0.3)
    for connection in connections:
        connection.close()
    started = time.monotonic()
    status, _ = post_query(through, sql="SELECT 1")  # waits for one of them to end
    assert status == 200 and time.monotonic() - started < 40  # not the minute that they may take


def test_live_data_flows_beside_slow_queries(through):
    slow = json.dumps({"sql": "SELECT count(*) FROM range(100000000000) a", "timeout_ms": 60000})
    connections = [http.client.HTTPConnection(through.console.removeprefix("http://"), timeout=30) for _ in range(2)]
    for connection in connections:
        connection.request("POST", "/api/v1/query", slow)
    started = time.monotonic()
    assert len(events(through, 3)) == 3
    assert time.monotonic() - started < 40  # not the minute that they may take
    for connection in connections:
        connection.close()


def test_live_stream_fields(through, send_chat):
    send_chat(through, "live-fields", queue_ms=10, prefill_ms=20, token_ms=5, tokens=10, prompt_tokens=50, cached_tokens=20)
    through.request_row("live-fields")
    history, tick = events(through, 2)
    assert history[0] == "history" and history[2]["complete"]
    assert any(row["request_id"] == "live-fields" for row in history[2]["requests"] + tick[2]["requests"])
    assert tick[0] == "tick"
    data = tick[2]
    for name in ("requests_per_second", "waiting", "prefilling", "decoding", "prefill_tokens_per_second",
                 "decode_tokens_per_second", "cache_hit_ratio", "errors", "engines", "losses", "requests"):
        assert name in data, name
    assert set(data["ttft_ms"]) == set(data["time_per_output_token_ms"]) == {"p50", "p95", "p99"}
    assert set(data["phase_seconds"]) == {"queue", "prefill", "decode"}


def test_a_tick_knows_the_percentiles_of_what_just_ended(through, send_chat):
    def known() -> bool:
        """One of the next ticks, whichever has the second in which the request ended."""
        send_chat(through, f"percentiles-{time.monotonic_ns()}", tokens=3)
        return any(tick["ttft_ms"]["p50"] is not None for _, _, tick in events(through, 5)[1:])

    wait_until(known, "a tick whose seconds have a request that is stored", 30)


def test_seconds_hold_what_happened(up, scripted, send_chat):
    """Tokens and phase times of a request are found again, wherever in time they were laid."""
    fresh = up("--upstream", scripted.url)  # whose seconds hold this request and no other
    send_chat(fresh, "sums", queue_ms=300, prefill_ms=700, token_ms=100, tokens=21, prompt_tokens=60, cached_tokens=10)
    stored = fresh.request_row("sums")

    def sums() -> dict[str, float] | None:
        data = events(fresh, 1)[0][2]
        if data["rows"][-1][0] <= (stored["start_unix_ns"] + stored["total_ns"]) // 10**9:
            return None
        seconds = [dict(zip(data["columns"], row)) for row in data["rows"]]
        return {name: sum(second[name] for second in seconds)
                for name in ("queue_seconds", "prefill_seconds", "decode_seconds", "prefill_tokens", "decode_tokens")}

    total = wait_until(sums, "the second in which the request ended is drawn", 15, every_s=0.2)
    assert total["queue_seconds"] == pytest.approx(stored["queue_ns"] / 1e9, abs=0.01)
    assert total["prefill_seconds"] == pytest.approx(stored["prefill_ns"] / 1e9, abs=0.01)
    assert total["decode_seconds"] == pytest.approx(stored["decode_ns"] / 1e9, abs=0.01)
    assert total["decode_tokens"] == pytest.approx(stored["output_tokens"], abs=0.1)
    assert total["prefill_tokens"] == pytest.approx(stored["input_tokens"] - stored["cached_tokens"], abs=0.1)


def test_reconnecting_gets_only_what_is_newer(through):
    _, number, _ = events(through, 2)[1]
    name, _, data = events(through, 1, {"Last-Event-ID": number})[0]
    assert name == "history" and not data["complete"]
    assert len(data["rows"]) < 400
    name, _, data = events(through, 1, {"Last-Event-ID": "0123456789abcdef-1"})[0]
    assert data["complete"], "an id of another run gives everything"


def test_requests_are_paged(through, send_chat):
    for number in range(3):
        send_chat(through, f"page-{number}", tokens=2)
    through.request_row("page-2")
    first = get(through, "/api/v1/requests?limit=2")
    assert len(first["requests"]) == 2 and first["next_before"]
    second = get(through, f"/api/v1/requests?limit=2&before={first['next_before']}")
    assert second["requests"][0]["start_unix_ns"] < first["requests"][-1]["start_unix_ns"]


def test_one_request(through, send_chat):
    send_chat(through, "one.request", tokens=4)
    through.request_row("one.request")
    found = get(through, "/api/v1/requests/one%2Erequest")
    assert sum(phase["duration_ns"] or 0 for phase in found["phases"]) == found["request"]["total_ns"]
    assert {"queue", "prefill", "decode"} <= {span["name"] for span in found["spans"]}
    with pytest.raises(urllib.error.HTTPError) as missing:
        get(through, "/api/v1/requests/none")
    assert missing.value.code == 404


def test_health_metrics_and_description(through):
    assert get(through, "/healthz")["status"] == "ok"
    assert get(through, "/api")["openapi"].startswith("3.")
    with urllib.request.urlopen(f"{through.console}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert b"# TYPE" in answer.read()


def test_health_is_503_without_an_engine(up, scripted):
    instance = up("--upstream", "http://127.0.0.1:9", wait_ready_s=None)
    # Nothing is ready behind it, so the ready line never comes; the console's address is in DATA/run.json.
    console = wait_until(lambda: json.loads((instance.data / "run.json").read_text()).get("console"), "run.json", 10)
    url = console if console.startswith("http") else f"http://{console}"
    with pytest.raises(urllib.error.HTTPError) as unhealthy:
        urllib.request.urlopen(f"{url}/healthz", timeout=10)
    assert unhealthy.value.code == 503
