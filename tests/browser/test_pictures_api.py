"""Traces, graphs, the model and plans over HTTP: what the pages and programs rely on."""

import http.client
import json
import struct
import time
import urllib.request

import pytest
from support import places
from support.waiting import wait_until

from .pictures import LARGE, get, pictured, status_of, unread  # noqa: F401 (fixtures)

pytestmark = pytest.mark.timeout(120)


def test_slowest_traces_come_first(pictured):
    traces = get(pictured, "/api/v1/traces?limit=5")["traces"]
    assert [trace["request_id"] or trace["trace_id"] for trace in traces] == [LARGE, "slow", "neighbour", "quick", "broken"]
    assert traces[0]["spans"] == 30101 and traces[0]["failed"]
    assert "decode" in traces[1]["reason"] and traces[1]["phases_ns"]["prefill"] == 400_000_000
    assert [t["request_id"] for t in get(pictured, "/api/v1/traces?errors=1")["traces"]] == [None, "broken"]
    assert [t["request_id"] for t in get(pictured, "/api/v1/traces?find=nei")["traces"]] == ["neighbour"]
    assert get(pictured, "/api/v1/traces?find=%27%3B%20DROP%20TABLE")["traces"] == []


def test_a_request_says_why_it_was_slow(pictured):
    trace = get(pictured, "/api/v1/traces/slow")
    assert trace["duration_ns"] == 1_000_000_000
    assert [track["id"] for track in trace["tracks"]] == ["phases", "spans", "steps-0", "slot-0-0", "slot-0-1"]
    assert trace["steps"] == 90 and trace["spans"] == 5
    text = " ".join(trace["why"])
    assert "59 % decode, 590 ms" in text
    assert "200 ms other requests' prompts" in text
    assert "Request neighbour held it up most: 240 ms in 40 shared steps, 200 ms of that with its 8000 prompt tokens" in text
    assert trace["trace_id"] == get(pictured, f"/api/v1/traces/{trace['trace_id']}")["trace_id"]


def test_rows_are_those_of_the_window(pictured):
    trace = get(pictured, "/api/v1/traces/slow")
    shown = get(pictured, f"/api/v1/traces/slow/rows?pixels=4000&lanes={trace['lanes']}")
    blocks = shown["blocks"]
    assert set(map(len, blocks.values())) == {len(blocks["lane"])}
    assert sum(blocks["rows"]) == trace["rows"] == 3 + 5 + 90 + 90 + 40
    lane = {track["id"]: track["first_lane"] for track in trace["tracks"]}
    own = [t for t, at in zip(blocks["tone"], blocks["lane"]) if at == lane["slot-0-0"]]
    others = [t for t, at in zip(blocks["tone"], blocks["lane"]) if at == lane["slot-0-1"]]
    assert set(own) == {2, 3} and set(others) == {5, 6}
    part = get(pictured, f"/api/v1/traces/slow/rows?from=0&to=100000000&lane={lane['steps-0']}&lanes=1")["blocks"]
    assert len(part["lane"]) == 9


def test_large_traces_are_bounded(pictured):
    trace = get(pictured, f"/api/v1/traces/{LARGE}")
    assert trace["rows"] == 30101 and trace["lanes"] == 3
    assert trace["critical_path"][0]["name"] == "task"
    shown = get(pictured, f"/api/v1/traces/{LARGE}/rows?pixels=200")
    assert len(shown["blocks"]["lane"]) <= 3 * 3 * 200
    assert sum(shown["blocks"]["rows"]) == 30101
    assert any(mark & 1 for mark in shown["blocks"]["marks"])  # a failed one is seen however far away
    near = get(pictured, f"/api/v1/traces/{LARGE}/rows?from=0&to=30000000&pixels=1000")["blocks"]
    assert near["rows"] == [1] * 12


def test_a_large_trace_is_sketched_before_it_is_read(unread):
    base = f"/api/v1/traces/{LARGE}"
    sketch = get(unread, f"{base}?sketch=1")
    assert not sketch["whole"] and sketch["spans"] == 30101 and sketch["rows"] == 5000
    assert (sketch["duration_ns"], sketch["start_unix_ns"]) == (100_000_000_000, unread.now)
    assert [sketch[unread_yet] for unread_yet in ("critical_path", "steps", "attribution", "delayed_by")] == [None] * 4
    shown = get(unread, f"{base}/rows?sketch=1&pixels=8192")
    blocks = shown["blocks"]
    assert not shown["whole"] and sum(blocks["rows"]) == 5000
    names = [shown["names"][name] for name in blocks["name"]]
    assert names.count("job") == 1 and names.count("worker") == 100  # the longest
    assert list(zip(blocks["start"], blocks["end"]))[:3] == [(0, 100_000_000_000), (0, 990_000_000), (1_000_000_000, 1_990_000_000)]
    row = get(unread, f"{base}/rows/{blocks['row'][1]}?sketch=1&of=5000")
    assert row["name"] == "worker" and row["critical"] is None and row["detail"]["span_id"] == "b000000000000000"
    whole = get(unread, base)
    assert whole["whole"] and whole["rows"] == 30101 and whole["critical_path"][0]["name"] == "task"
    assert get(unread, f"{base}?sketch=1") == whole
    assert status_of(unread, f"{base}/rows/1?sketch=1&of=5000")[0] == 409  # numbers of the sketch are void


def test_a_small_trace_needs_no_sketch(unread):
    sketch = get(unread, "/api/v1/traces/slow?sketch=1")
    assert sketch["whole"] and sketch["steps"] == 90
    assert sketch == get(unread, "/api/v1/traces/slow")
    assert status_of(unread, "/api/v1/traces/slow?sketch=yes")[0] == 400
    assert status_of(unread, "/api/v1/traces/nobody?sketch=1")[0] == 404


def test_a_row_tells_everything(pictured):
    trace = get(pictured, "/api/v1/traces/slow")
    lane = {track["id"]: track["first_lane"] for track in trace["tracks"]}
    blocks = get(pictured, f"/api/v1/traces/slow/rows?pixels=4000&lane={lane['steps-0']}&lanes=1")["blocks"]
    step = get(pictured, f"/api/v1/traces/slow/rows/{blocks['row'][35]}?of={trace['rows']}")
    assert step["kind"] == "step"
    assert [(m["slot"], m["request_id"], m["prefill_tokens"]) for m in step["detail"]["members"]] == [
        (0, "slow", 25), (1, "neighbour", 200)]
    spans = get(pictured, f"/api/v1/traces/slow/rows?pixels=4000&lane={lane['spans']}&lanes=1")
    root = get(pictured, f"/api/v1/traces/slow/rows/{spans['blocks']['row'][0]}")
    assert root["detail"]["attributes"]["http.route"] == "/v1/chat/completions"
    assert status_of(pictured, f"/api/v1/traces/slow/rows/0?of={trace['rows'] + 1}")[0] == 409
    assert status_of(pictured, "/api/v1/traces/slow/rows/999999")[0] == 404
    assert status_of(pictured, "/api/v1/traces/slow/rows/x")[0] == 404


@pytest.mark.parametrize("path, status", [
    ("/api/v1/traces/nobody", 404), ("/api/v1/traces/nobody/rows", 404), ("/api/v1/traces?limit=0", 400),
    ("/api/v1/traces?order=best", 400), ("/api/v1/traces/slow/rows?from=5&to=5", 400),
    ("/api/v1/traces/slow/rows?pixels=9000", 400), ("/api/v1/traces/slow/rows?lanes=513", 400),
    ("/api/v1/graphs/none", 404), ("/api/v1/graphs/edges-0", 404), ("/api/v1/graphs/services?algorithm=magic", 400),
    ("/api/v1/graphs/services?iteration=3", 400), ("/api/v1/graphs/services?algorithm=bfs", 400),
    ("/api/v1/graphs/services?algorithm=bfs&from=nobody", 400), ("/api/v1/model", 404), ("/api/v1/plan", 404)])
def test_bad_questions_are_answered_with_a_sentence(pictured, path, status):
    code, document = status_of(pictured, path)
    assert code == status and document["error"]["message"], document


def test_etags_save_the_body(pictured):
    for path in ("/api/v1/traces/slow", "/api/v1/graphs/services", "/api/v1/graphs"):
        with urllib.request.urlopen(pictured.console + path, timeout=60) as answer:
            etag = answer.headers["ETag"]
        assert status_of(pictured, path, {"If-None-Match": etag}) == (304, {})
        assert status_of(pictured, path, {"If-None-Match": '"other"'})[0] == 200


def test_graphs_have_columns_and_findings(pictured):
    graph = get(pictured, "/api/v1/graphs/interference")
    assert graph["node_count"] == 2 and graph["edge_count"] == 1 and graph["directed"]
    assert graph["algorithm"] == "pagerank" and graph["findings"]
    nodes = graph["nodes"]
    assert sorted(nodes["id"]) == ["neighbour", "slow"]
    at = nodes["id"].index("slow")
    assert nodes["total"][at] == 1000 and nodes["input_tokens"][at] == 1000 and nodes["model"][at] == "m"
    assert nodes["start"][at] == 0 and graph["origin_unix_ns"] == pictured.now
    assert all(isinstance(value, float) for value in nodes["x"] + nodes["y"])
    assert graph["edges"]["weight"] == [240.0] and len(set(nodes["community"])) == 1
    assert {run["algorithm"] for run in graph["runs"]} == {"pagerank", "louvain", "layout"}


def test_graphs_agree_with_the_command(pictured):
    command = json.loads(pictured.command("graph", "trace", "--algorithm", "betweenness", "--samples", "50", "--json"))
    graph = get(pictured, "/api/v1/graphs/trace?algorithm=betweenness&samples=50&layout=none")
    assert "x" not in graph["nodes"]
    values = {row["id"]: row["value"] for row in command["result"]}
    for node, value in zip(graph["nodes"]["id"], graph["nodes"]["betweenness"]):
        assert value == pytest.approx(values[node], rel=1e-5)


def test_packed_graphs_hold_the_same(pictured):
    plain = get(pictured, "/api/v1/graphs/services")
    with urllib.request.urlopen(f"{pictured.console}/api/v1/graphs/services?format=binary", timeout=60) as answer:
        assert answer.headers["Content-Type"] == "application/vnd.llamatelemetry.graph"
        packed = answer.read()
    assert packed[:4] == b"LTG1"
    (length,) = struct.unpack_from("<I", packed, 4)
    head = json.loads(packed[8:8 + length])
    arrays = packed[8 + length:]
    ranks = next(c for c in head["columns"] if c["name"] == "pagerank")
    values = struct.unpack_from(f"<{head['node_count']}f", arrays, ranks["offset"])
    assert list(values) == pytest.approx(plain["nodes"]["pagerank"], rel=1e-6)


def test_edge_lists_are_taken_and_asked(pictured):
    status, kept = status_of(pictured, "/api/v1/graphs/edges", data=b"src,dst,weight\na,b,2\nb,c,3\nx,y,1\n")
    assert status == 201 and (kept["node_count"], kept["edge_count"]) == (5, 3)
    graph = get(pictured, f"/api/v1/graphs/{kept['graph']}?algorithm=components")
    groups = dict(zip(graph["nodes"]["id"], graph["nodes"]["component"]))
    assert groups["a"] == groups["c"] != groups["x"] == groups["y"]
    paths = get(pictured, f"/api/v1/graphs/{kept['graph']}?algorithm=bfs&from=a&layout=none")
    distance = dict(zip(paths["nodes"]["id"], paths["nodes"]["distance"]))
    assert distance == {"a": 0, "b": 1, "c": 2, "x": None, "y": None}


@pytest.mark.parametrize("body, says", [(b"", "empty"), (b"a,b\n1,2\n", "src"), (b"src,dst\n1\n", "line"),
                                        (b"src,dst,weight\na,b,-1\n", "negative"), (b"PAR1 no", ""), (b"\xff\x00", "")])
def test_broken_edge_lists_are_refused(pictured, body, says):
    status, document = status_of(pictured, "/api/v1/graphs/edges", data=body)
    assert status == 400 and says in document["error"]["message"] + document["error"]["hint"], document
    assert "/proc/" not in document["error"]["message"]


def test_a_large_edge_list_arrives(pictured):
    rows = "src,dst\n" + "".join(f"{i},{(i * 7 + 1) % 200000}\n" for i in range(200_000))
    assert len(rows) > 1024 * 1024
    status, kept = status_of(pictured, "/api/v1/graphs/edges", data=rows.encode())
    assert status == 201 and kept["edge_count"] == 200_000
    assert status_of(pictured, "/api/v1/query", data=b'{"sql": "' + b" " * 2_000_000 + b'"}')[0] == 413


def graph_jobs(pid: int) -> list[int]:
    found = []
    for task in (p for p in (places.Path("/proc")).iterdir() if p.name.isdigit()):
        try:
            if int((task / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid and "llt-graph" in (task / "comm").read_text():
                found.append(int(task.name))
        except OSError:
            continue
    return found


def test_leaving_ends_the_analysis(pictured):
    rows = "src,dst\n" + "".join(f"{i},{(i * 7919 + j * 104729 + 1) % 60000}\n" for i in range(60_000) for j in range(3))
    kept = status_of(pictured, "/api/v1/graphs/edges", data=rows.encode())[1]["graph"]
    connection = http.client.HTTPConnection(pictured.console.removeprefix("http://"), timeout=30)
    connection.request("GET", f"/api/v1/graphs/{kept}?algorithm=betweenness")  # exact: hours
    wait_until(lambda: graph_jobs(pictured.pid), "the analysis runs in a process of its own", 30)
    assert get(pictured, "/api/v1/traces/slow")["rows"]  # nobody else waits for it
    connection.close()
    wait_until(lambda: not graph_jobs(pictured.pid), "it was ended", 10)
    started = time.monotonic()
    assert get(pictured, "/api/v1/graphs/services?seed=9")["node_count"]
    assert time.monotonic() - started < 30


def test_keys_guard_what_shows_data(up, scripted, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("secret\n")
    instance = up("--upstream", scripted.url, "--api-key-file", str(keys))
    for path in ("/api/v1/traces", "/api/v1/traces/a", "/api/v1/graphs", "/api/v1/graphs/services", "/api/v1/model", "/api/v1/plan"):
        assert status_of(instance, path)[0] == 401, path
    assert status_of(instance, "/api/v1/graphs/edges", data=b"src,dst\na,b\n")[0] == 401
    assert status_of(instance, "/api/v1/traces", {"Authorization": "Bearer secret"}) == (200, {"traces": []})


def test_the_description_names_every_path(pictured):
    paths = get(pictured, "/api")["paths"]
    for path in ("/traces", "/traces/{id}", "/traces/{id}/rows", "/traces/{id}/rows/{row}", "/graphs", "/graphs/{graph}",
                 "/graphs/edges", "/model", "/plan"):
        assert "/api/v1" + path in paths
