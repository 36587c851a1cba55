"""Correct proxying: framing, connection reuse, headers of one hop, trace context, request ids."""

import json
import re

import pytest

from faults.expect import openai_error, still_serves
from support.http import RawConnection, fetch, request_bytes, scripted_chat
from support.product import Up

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def sent_headers(scripted, tag: str) -> dict[str, str]:
    return {name.lower(): value for name, value in scripted.entry(tag)["headers"]}


def chat(through, tag: str, headers: list = (), stream: bool = False, **script):
    return through.fetch("POST", "/v1/chat/completions", scripted_chat(stream, tag=tag, **script), list(headers))


# --- framing and reuse --------------------------------------------------------------------------------------


def test_keep_alive_is_kept(through, scripted):
    """Streams, plain answers and errors one after the other on one connection."""
    with RawConnection(through.gateway) as connection:
        for number in range(12):
            stream, status = number % 3 == 0, 500 if number % 4 == 1 else 200
            response = connection.request("POST", "/v1/chat/completions", scripted_chat(stream, status=status))
            assert response.status == status and response.complete


def test_upstream_connections_are_reused(through, scripted):
    still_serves(through)
    before = scripted.tell("log")["accepted"]
    for _ in range(20):
        still_serves(through)
    assert scripted.tell("log")["accepted"] - before <= 4  # the supervisor may open some of its own


def test_pipelined_requests_are_answered_in_order(through, scripted):
    bodies = [request_bytes("POST", "/v1/chat/completions", scripted_chat(number % 2 == 0, token_text=f" n{number}",
                                                                         prefill_ms=20 - 4 * number))
              for number in range(5)]
    with RawConnection(through.gateway) as connection:
        connection.send(b"".join(bodies))
        for number in range(5):
            response = connection.response()
            assert response.status == 200 and f" n{number}".encode() in response.body


def test_line_breaks_between_requests_are_no_message(through, scripted):
    """Some clients end a body with one that its length does not count."""
    with RawConnection(through.gateway) as connection:
        connection.send(b"\r\n" + request_bytes("POST", "/v1/chat/completions", scripted_chat(False)) + b"\r\n\r\n")
        assert connection.response().status == 200
        assert connection.request("GET", "/v1/models").status == 200


def test_pipelined_request_split_anywhere(through, scripted):
    """The second request's bytes may come glued to the first one's."""
    two = request_bytes("POST", "/v1/chat/completions", scripted_chat(False)) + request_bytes("GET", "/v1/models")
    with RawConnection(through.gateway) as connection:
        for begin in range(0, len(two), 37):
            connection.send(two[begin:begin + 37])
        assert connection.response().json["object"] == "chat.completion"
        assert connection.response().json["object"] == "list"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunked_request_body(through, scripted, size):
    tag = f"chunked-{size}"
    body = json.dumps(scripted_chat(True, tag=tag)).encode()
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    framed = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nX-Trailer: t\r\n\r\n"
    with RawConnection(through.gateway) as connection:
        connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n" + framed)
        response = connection.response()
        assert response.status == 200 and response.complete
        assert connection.request("GET", "/v1/models").status == 200, "the connection goes on after trailers"
    assert json.loads(scripted.entry(tag)["body"])["script"]["tag"] == tag


def test_expect_100_continue(through, scripted):
    body = json.dumps(scripted_chat(False)).encode()
    with RawConnection(through.gateway, 5) as connection:
        connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                        b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert connection.head().status == 100
        connection.send(body)
        assert connection.response().status == 200


def test_expect_with_the_body_sent_at_once(through, scripted):
    response = chat(through, "expect-at-once", [("Expect", "100-continue")])
    assert response.status == 200 and response.json["choices"]


def test_unknown_expectation(through):
    response = chat(through, "expect-odd", [("Expect", "miracles")])
    assert response.status in (200, 417)


def test_head_has_no_body(through):
    with RawConnection(through.gateway) as connection:
        assert connection.request("HEAD", "/health").status == 200
        assert connection.request("GET", "/health").json == {"status": "ok"}


def test_connection_close_is_obeyed(through, scripted):
    with RawConnection(through.gateway) as connection:
        response = connection.request("GET", "/v1/models", headers=[("Connection", "close")])
        assert response.status == 200 and connection.at_end()


def test_http_1_0(through, scripted):
    """Answered without chunks, and closed."""
    body = json.dumps(scripted_chat(True)).encode()
    with RawConnection(through.gateway) as connection:
        connection.send(b"POST /v1/chat/completions HTTP/1.0\r\nContent-Type: application/json\r\n"
                        b"Content-Length: %d\r\n\r\n" % len(body) + body)
        response = connection.response()
        assert response.status == 200 and response.header("transfer-encoding") is None
        assert response.body.endswith(b"data: [DONE]\n\n") and b"prompt_progress" not in response.body


def test_query_and_odd_paths_are_passed_unchanged(through, scripted):
    target = "/odd%2Fpath/../x;y=1//z?a=b&c=%26&d"
    through.fetch("GET", target, headers=[("x-script", '{"tag":"odd-path"}')])
    assert scripted.entry("odd-path")["target"] == target


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_any_method_passes(through, scripted, method):
    tag = f"method-{method}"
    through.fetch(method, "/some/route", b"body", headers=[("x-script", json.dumps({"tag": tag}))])
    assert scripted.entry(tag)["method"] == method and scripted.entry(tag)["body"] == "body"


def test_unknown_route_passes_with_the_upstreams_404(through, scripted):
    ours = through.fetch("POST", "/v1/what/comes/next", b"{}", [("X-Request-Id", "unknown-route")])
    direct = fetch(scripted.url, "POST", "/v1/what/comes/next", b"{}")
    assert ours.status == direct.status == 404 and ours.body == direct.body
    row = through.request_row("unknown-route")
    assert (row["route"], row["operation"], row["path"]) == ("other", None, "/v1/what/comes/next")


# --- headers of one hop -------------------------------------------------------------------------------------


def test_hop_by_hop_request_headers_stay_here(through, scripted):
    chat(through, "hops", [("Connection", "keep-alive, X-Mine"), ("X-Mine", "1"), ("Keep-Alive", "timeout=9"),
                           ("Proxy-Authorization", "Basic x"), ("TE", "trailers"), ("Trailer", "X-T"),
                           ("Upgrade", "h2c"), ("Proxy-Connection", "keep-alive"), ("X-Passes", "yes")])
    got = sent_headers(scripted, "hops")
    assert got["x-passes"] == "yes"
    strangers = {"x-mine", "keep-alive", "proxy-authorization", "te", "trailer", "upgrade", "proxy-connection"}
    assert not strangers & got.keys()
    assert "x-mine" not in got.get("connection", "").lower()


def test_hop_by_hop_answer_headers_stay_there(through, scripted):
    response = chat(through, "hops-back", extra_headers=[
        ["Connection", "X-Theirs"], ["X-Theirs", "1"], ["Keep-Alive", "timeout=9"], ["Proxy-Authenticate", "Basic"],
        ["X-Passes", "yes"], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]])
    assert response.header("x-passes") == "yes" and response.all("set-cookie") == ["a=1", "b=2"]
    assert response.header("x-theirs") is None and response.header("proxy-authenticate") is None
    assert "timeout=9" not in (response.header("keep-alive") or "")


def test_repeated_request_headers_are_all_passed(through, scripted):
    chat(through, "repeated", [("X-Many", "1"), ("X-Many", "2"), ("Accept", "a/b"), ("User-Agent", "odd agent/1.0")])
    got = scripted.entry("repeated")["headers"]
    assert [value for name, value in got if name.lower() == "x-many"] == ["1", "2"]
    assert sent_headers(scripted, "repeated")["user-agent"] == "odd agent/1.0"


# --- ids and trace context ----------------------------------------------------------------------------------


def test_request_id_is_echoed_and_passed_on(through, scripted):
    response = chat(through, "id-given", [("X-Request-Id", "my-own-id.7")])
    assert response.header("x-request-id") == "my-own-id.7"
    assert sent_headers(scripted, "id-given")["x-request-id"] == "my-own-id.7"
    assert through.request_row("my-own-id.7")["http_status"] == 200


def test_request_id_is_made_when_there_is_none(through, scripted):
    made = [chat(through, f"id-made-{number}").header("x-request-id") for number in range(3)]
    assert all(made) and len(set(made)) == 3
    assert sent_headers(scripted, "id-made-0")["x-request-id"] == made[0]
    assert through.request_row(made[0])


@pytest.mark.parametrize("bad", ["x" * 5000, "quote'; DROP TABLE requests;--"])
def test_odd_request_ids_do_no_harm(through, scripted, bad):
    response = chat(through, f"odd-id-{len(bad)}", [("X-Request-Id", bad)])
    assert response.status == 200 and response.header("x-request-id")
    assert through.sql("SELECT count(*) AS n FROM requests")[0]["n"] > 0


def test_traceparent_is_continued(through, scripted):
    """Upstream sees the caller's trace with a span of ours; the store has the caller as parent."""
    chat(through, "trace", [("traceparent", f"00-{TRACE}-{PARENT}-01"), ("tracestate", "vendor=1,other=2"),
                            ("X-Request-Id", "trace-continued")])
    got = sent_headers(scripted, "trace")
    version, trace, span, flags = got["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01") and span != PARENT
    assert got["tracestate"] == "vendor=1,other=2"
    assert through.request_row("trace-continued")["trace_id"] == TRACE
    spans = {row["kind"]: row for row in through.sql(
        f"SELECT * FROM spans WHERE trace_id = '{TRACE}' AND kind IN ('SERVER', 'CLIENT')")}
    assert spans["SERVER"]["parent_span_id"] == PARENT
    assert spans["CLIENT"]["parent_span_id"] == spans["SERVER"]["span_id"] and spans["CLIENT"]["span_id"] == span


@pytest.mark.parametrize("bad", [
    "", "junk", f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01",
    f"ff-{TRACE}-{PARENT}-01", f"00-{TRACE.upper()}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01-extra"])
def test_invalid_traceparent_starts_a_new_trace(through, scripted, bad):
    tag = f"bad-trace-{abs(hash(bad))}"
    assert chat(through, tag, [("traceparent", bad), ("tracestate", "vendor=1")]).status == 200
    got = sent_headers(scripted, tag)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", got["traceparent"])
    assert TRACE not in got["traceparent"] and "tracestate" not in got


def test_a_later_traceparent_version_is_understood(through, scripted):
    chat(through, "trace-later", [("traceparent", f"01-{TRACE}-{PARENT}-01-more")])
    assert sent_headers(scripted, "trace-later")["traceparent"].split("-")[1] == TRACE


def test_an_unsampled_trace_stays_unsampled(through, scripted):
    """The caller decided against it and the next hop hears so; our own row is kept all the same."""
    trace = "1" * 32
    chat(through, "unsampled", [("traceparent", f"00-{trace}-{PARENT}-00"), ("X-Request-Id", "unsampled")])
    assert sent_headers(scripted, "unsampled")["traceparent"].endswith("-00")
    assert through.request_row("unsampled")["trace_id"] == trace


def test_without_traceparent_one_is_made(through, scripted):
    chat(through, "trace-made", [("X-Request-Id", "trace-made")])
    trace = sent_headers(scripted, "trace-made")["traceparent"].split("-")[1]
    assert through.request_row("trace-made")["trace_id"] == trace


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "plain"])
def test_server_timing(through, scripted, stream):
    timing = chat(through, f"timing-{stream}", stream=stream).header("server-timing")
    assert timing
    for metric in timing.split(","):
        assert re.fullmatch(r"\s*[\w-]+(;(dur=\d+(\.\d+)?|desc=(\"[^\"]*\"|[\w-]+)))*", metric), timing


def test_detailed_headers_come_only_when_asked_for(through, scripted):
    def ours(response):
        return {name.lower() for name, _ in response.headers if name.lower().startswith("x-llamatelemetry-")}
    assert not ours(chat(through, "no-detail"))
    response = chat(through, "detail", [("x-llamatelemetry-timings", "1"), ("X-Request-Id", "detail")], prefill_ms=20)
    assert {"x-llamatelemetry-trace-id", "x-llamatelemetry-queue-ms", "x-llamatelemetry-prefill-ms"} <= ours(response)
    assert float(response.header("x-llamatelemetry-prefill-ms")) >= 20
    assert response.header("x-llamatelemetry-trace-id") == through.request_row("detail")["trace_id"]


def test_own_errors_have_a_request_id_too(through):
    response = through.fetch("POST", "/v1/chat/completions", scripted_chat(False, fault="die_before_first_byte"),
                             [("X-Request-Id", "failed-id")])
    openai_error(response, 502)
    assert response.header("x-request-id") == "failed-id"


# --- keys ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def locked(binary, scripted_process, tmp_path_factory):
    folder = tmp_path_factory.mktemp("locked")
    (folder / "keys").write_text("first-key\nsecond-key\n")
    instance = Up(folder, ["--upstream", scripted_process.url, "--api-key-file", str(folder / "keys")])
    yield instance
    instance.stop()


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer first-ke", "Bearer first-key2", "Basic x",
                                           "Bearer ", "first-key"])
def test_without_a_right_key_nothing_passes(locked, scripted, authorization):
    headers = [("Authorization", authorization)] if authorization is not None else []
    response = locked.fetch("POST", "/v1/chat/completions", scripted_chat(False), headers)
    openai_error(response, 401)
    assert scripted.log() == []


def test_a_page_of_another_origin_may_read_our_errors(locked):
    response = locked.fetch("POST", "/v1/chat/completions", scripted_chat(False), [("Origin", "http://page.example")])
    assert (response.status, response.header("access-control-allow-origin")) == (401, "*")


@pytest.mark.parametrize("key", ["first-key", "second-key"])
def test_with_a_right_key_all_is_well(locked, scripted, key):
    for headers in ([("Authorization", f"Bearer {key}")], [("authorization", f"bearer {key}")], [("X-Api-Key", key)]):
        response = locked.fetch("POST", "/v1/chat/completions", scripted_chat(False), headers)
        assert response.status == 200, headers


def test_our_key_is_not_shown_to_the_upstream(locked, scripted):
    locked.fetch("POST", "/v1/chat/completions", scripted_chat(False, tag="key"), [("Authorization", "Bearer first-key")])
    assert "first-key" not in json.dumps(scripted.entry("key")["headers"])


def test_without_keys_of_ours_the_clients_credentials_pass(through, scripted):
    chat(through, "credentials", [("Authorization", "Bearer theirs")])
    assert sent_headers(scripted, "credentials")["authorization"] == "Bearer theirs"


def test_a_streamed_upload_without_a_key_is_not_read_to_its_end(locked):
    with RawConnection(locked.gateway, 5) as connection:
        connection.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 500000000\r\n\r\n{")
        openai_error(connection.response(), 401)
