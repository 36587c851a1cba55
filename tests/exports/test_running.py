"""The same exports from an instance that runs: they ask it, since it holds the store."""

import networkx
import pyarrow.parquet as pq
import pytest

from exports.conftest import Program
from exports.test_perfetto import read
from support.http import scripted_chat
from support.product import Up


@pytest.fixture(scope="module")
def running(binary, scripted_process, tmp_path_factory) -> Program:
    scripted_process.reset()
    folder = tmp_path_factory.mktemp("running")
    up = Up(folder, ["--upstream", scripted_process.url])
    for i in range(3):
        up.fetch("POST", "/v1/chat/completions", scripted_chat(tokens=3), [("X-Request-Id", f"live-{i}")])
    up.request_row("live-2")
    yield Program(folder, up.data)
    up.stop()


def test_parquet(running):
    running.done("parquet", "--table", "requests", "-o", "out")
    ids = pq.read_table(running.folder / "out" / "requests.parquet")["request_id"].to_pylist()
    assert {"live-0", "live-1", "live-2"} <= set(ids)


def test_perfetto(running):
    running.done("perfetto", "-o", "t.pftrace", "--since", "1h")
    trace = read((running.folder / "t.pftrace").read_bytes())
    requests = [s for s in trace.slices if s.arguments.get("request_id", "").startswith("live-")]
    assert len(requests) == 3
    assert {s.name for s in trace.slices} >= {"queue", "prefill", "decode"}


def test_graphml(running):
    running.done("graphml", "prefix", "-o", "p.graphml")
    networkx.read_graphml(running.folder / "p.graphml")


def test_a_dry_run_of_graphistry(running):
    assert running.json("graphistry", "trace", "--dry-run", "look")["nodes"] >= 15
