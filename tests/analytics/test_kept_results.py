"""Answers that `graph` keeps: in the store, whole, once, whether or not an instance runs."""

import json
import shutil
import subprocess

import pytest

from analytics.test_store_graphs import NOBODY, folder, run  # noqa: F401  (a fixture)
from support.product import sql
from support.waiting import wait_until


@pytest.fixture
def data(folder, tmp_path):  # noqa: F811
    shutil.copytree(folder, tmp_path / "data")
    return tmp_path / "data"


def keep(data, *arguments) -> dict:
    done = run(*arguments, "--data", data, "--json")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return json.loads(done.stdout)


def test_what_is_asked_of_the_store_is_kept_there(data):
    answer = keep(data, "services", "--seed", "7")
    (kept,) = sql(data, "SELECT * FROM graph_runs")
    assert (kept["kind"], kept["algorithm"], kept["backend"]) == ("services", "pagerank", answer["backend"])
    assert (kept["vertices"], kept["edges"], kept["directed"]) == (answer["nodes"], answer["edges"], answer["directed"])
    assert kept["version"] == answer["version"] and kept["reason"] == answer["reason"] and kept["modularity"] is None
    assert kept["user_name"] == subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    assert kept["elapsed_ns"] > 0 and abs(kept["elapsed_ns"] - answer["elapsed_ms"] * 1e6) < 1e4
    assert json.loads(kept["parameters"]) if isinstance(kept["parameters"], str) else kept["parameters"] == {"damping": 0.85, "seed": 7}
    assert kept["rows"] == kept["rows_kept"] == answer["nodes"]
    rows = sql(data, f"SELECT id, value FROM graph_values WHERE run_id = '{kept['run_id']}' ORDER BY position")
    assert rows == [{"id": row["id"], "value": row["value"]} for row in answer["result"]]
    assert not list((data / "inbox").iterdir())


@pytest.mark.parametrize("arguments, column, member", [
    (["services", "--algorithm", "louvain"], "member_of", "community"),
    (["services", "--algorithm", "components"], "member_of", "component"),
    (["services", "--algorithm", "bfs", "--from", "web"], "value", "distance"),
    (["services", "--algorithm", "layout"], "x", "x"),
])
def test_every_form_of_answer(data, arguments, column, member):
    answer = keep(data, *arguments)
    rows = sql(data, f"SELECT id, {column} AS it FROM graph_values ORDER BY position")
    assert rows == [{"id": row["id"], "it": pytest.approx(row[member])} for row in answer["result"]]


def test_edges_are_kept_with_both_ends(data):
    answer = keep(data, "services", "--algorithm", "edge-betweenness")
    rows = sql(data, "SELECT source AS src, target AS dst, value FROM graph_values ORDER BY position")
    assert rows == answer["result"]
    assert sql(data, "SELECT count(*) AS n FROM graph_values WHERE id IS NOT NULL") == [{"n": 0}]


def test_a_file_of_the_users_only_when_asked_for(data, tmp_path):
    edges = tmp_path / "edges.csv"
    edges.write_text("src,dst\na,b\n")
    keep(data, "--edges", edges)
    keep(data, "services", "--no-save")
    assert sql(data, "SELECT * FROM graph_runs") == []
    keep(data, "--edges", edges, "--save")
    assert [row["kind"] for row in sql(data, "SELECT kind FROM graph_runs")] == ["edges"]


def test_without_a_store_there_is_an_answer_and_a_word(binary, tmp_path):
    edges = tmp_path / "edges.csv"
    edges.write_text("src,dst\na,b\n")
    done = run("--edges", edges, "--save", "--json", "--data", tmp_path / "nowhere")
    assert done.returncode == 1 and "there is no store" in done.stderr
    assert json.loads(done.stdout)["nodes"] == 2
    assert not (tmp_path / "nowhere").exists()


def test_the_running_instance_stores_it(up, tmp_path):
    instance = up("--upstream", NOBODY, wait_ready_s=None)
    wait_until(lambda: (instance.data / "run.json").exists(), "run.json", 20)
    edges = tmp_path / "edges.csv"
    edges.write_text("src,dst\n" + "".join(f"{i},{i + 1}\n" for i in range(3000)))
    keep(instance.data, "--edges", edges, "--save")
    assert instance.sql("SELECT rows, rows_kept FROM graph_runs") == [{"rows": 3001, "rows_kept": 3001}]
    assert instance.sql("SELECT count(DISTINCT id) AS n FROM graph_values") == [{"n": 3001}]


def test_what_is_no_result_is_refused_and_kept(up):
    instance = up("--upstream", NOBODY, wait_ready_s=None)
    wait_until(lambda: (instance.data / "run.json").exists(), "run.json", 20)
    (instance.data / "inbox").mkdir()
    (instance.data / "inbox" / "x.graph").write_bytes(b"llamatelemetry graph result 1\n" + bytes(50))
    refused = instance.data / "inbox" / "x.graph.refused"
    wait_until(refused.exists, "the refusal", 5)
    wait_until(lambda: instance.sql("SELECT severity FROM events WHERE kind = 'store.result_refused'") == [{"severity": "warning"}],
               "the event", 5)
    assert instance.sql("SELECT * FROM graph_runs") == []
