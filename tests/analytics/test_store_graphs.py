"""`graph KIND`: every edge follows from the rows of graphs.sql, or from a model file of ours."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.duckdb_file import execute
from support import places
from support.product import Up
from support.waiting import wait_until

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing answers there


@pytest.fixture(scope="module")
def folder(binary, tmp_path_factory) -> Path:
    up = Up(tmp_path_factory.mktemp("store"), ["--upstream", NOBODY], wait_ready_s=None)
    wait_until(lambda: (up.data / "run.json").exists(), "run.json", 20)
    assert up.stop() == 0
    execute(up.data / "telemetry.duckdb", (Path(__file__).parent / "graphs.sql").read_text())
    return up.data


def run(*arguments):
    return subprocess.run([places.product(), "graph", *arguments], capture_output=True, text=True, timeout=50, check=False)


def ask(folder, *arguments) -> dict:
    done = run(*arguments, "--data", folder, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def edges(folder, kind, *arguments) -> dict:
    """All edges with their weights, seen by looking around every vertex."""
    found = {}
    for row in ask(folder, kind, "--algorithm", "degree", *arguments)["result"]:
        near = ask(folder, kind, "--algorithm", "ego", "--directed", "--from", row["id"], *arguments)["result"]["edges"]
        found.update({(edge["src"], edge["dst"]): edge["weight"] for edge in near})
    return found


def test_interference_is_overlap_on_the_same_server(folder):
    assert edges(folder, "interference") == pytest.approx({("a", "b"): 500, ("b", "c"): 100})
    answer = ask(folder, "interference")
    assert (answer["algorithm"], answer["directed"]) == ("pagerank", False)
    assert any("weak evidence" in note for note in answer["notes"])
    assert any("1 requests are left out" in note for note in answer["notes"])
    assert answer["result"][0]["id"] == "b" and "/v1/chat/completions b" in answer["result"][0]["label"]


def test_interference_is_exact_where_the_engines_steps_are_known(folder, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(folder, data)
    execute(data / "telemetry.duckdb", """
        INSERT INTO turns BY NAME SELECT 7 AS engine_id, t.turn, t.request_id, 1767225600000000000 AS start_unix_ns,
            1000000 AS duration_ns, 0 AS slot, 5 AS steps, 10 AS prefill_tokens, 3 AS decode_tokens, 0 AS draft_tokens,
            900000 AS own_ns FROM (VALUES (1, 'a'), (2, 'b')) t(turn, request_id);
        INSERT INTO interference BY NAME SELECT 7 AS engine_id, i.turn, i.by_turn, 1767225600000000000 AS start_unix_ns, 2 AS steps,
            i.p * 1000000 AS prefill_ns, i.d * 1000000 AS decode_ns
            FROM (VALUES (1, 2, 30, 2), (2, 1, 0, 5), (2, 3, 1, 0)) i(turn, by_turn, p, d);""")
    assert edges(data, "interference") == {("b", "a"): 32, ("a", "b"): 5, ("turn 7/3", "b"): 1}
    answer = ask(data, "interference")
    assert answer["directed"] is True and not any("weak" in note for note in answer["notes"])


def test_prefix_joins_requests_with_the_same_prompt(folder):
    assert edges(folder, "prefix") == {("a", "b"): 40, ("b", "d"): 0}
    answer = ask(folder, "prefix")
    assert answer["algorithm"] == "components" and {row["component"] for row in answer["result"]} == {0}
    assert any("weak evidence" in note for note in answer["notes"])


def test_services(folder):
    assert edges(folder, "services") == {("web", "shop"): 2, ("web", "pay"): 1, ("shop", "db:5432"): 1}


def test_trace(folder):
    assert edges(folder, "trace", "--trace", "f" * 32) == {
        ("1", "2"): 50, ("2", "3"): 40, ("1", "4"): 20, ("4", "5"): 10, ("1", "6"): 9, ("6", "7"): 8, ("3", "8"): 5}
    labels = {row["id"]: row["label"] for row in ask(folder, "trace", "--trace", "f" * 32)["result"]}
    assert labels["3"] == "list (shop)"
    assert ask(folder, "trace", "--trace", "0" * 31 + "9")["nodes"] == 0
    assert ask(folder, "trace", "--trace", "' OR true --")["nodes"] == 0


def test_since_and_an_empty_answer(folder):
    for kind in ("trace", "services", "interference", "prefix"):
        assert ask(folder, kind, "--since", "1s")["nodes"] == 0
        done = run(kind, "--since", "1s", "--data", folder)
        assert done.returncode == 0 and "The graph is empty." in done.stdout


def test_the_running_instance_is_asked(folder, up):
    instance = up("--upstream", NOBODY, wait_ready_s=None)
    wait_until(lambda: (instance.data / "run.json").exists(), "run.json", 20)
    assert ask(instance.data, "interference")["nodes"] == 0


def test_text_is_for_people(folder):
    done = run("services", "--data", folder)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("pagerank of calls between services: 4 vertices, 3 edges taken as directed, weighted\n")
    assert "db:5432 has the highest rank" in done.stdout and "Note: an edge weighs the number of calls" in done.stdout


def flow(model: Path) -> set:
    done = run("model", "--model", model, "--algorithm", "edge-betweenness", "--json")
    assert done.returncode == 0, done.stderr
    return {(row["src"].removesuffix(".weight"), row["dst"].removesuffix(".weight")) for row in json.loads(done.stdout)["result"]}


def test_a_model_is_connected_as_it_computes(tiny_model):
    found = {frozenset(pair) for pair in flow(tiny_model)}
    for u, v in [("token_embd", "input"), ("input", "blk.0.attn_norm"), ("blk.0.attn_norm", "blk.0.attn_q"),
                 ("blk.0.attn_q", "blk.0.attn_output"), ("blk.0.attn_k", "blk.0.attn_output"),
                 ("blk.0.attn_v", "blk.0.attn_output"), ("blk.0.attn_output", "layer 0 middle"),
                 ("layer 0 middle", "blk.0.ffn_norm"), ("blk.0.ffn_norm", "blk.0.ffn_gate"), ("blk.0.ffn_norm", "blk.0.ffn_up"),
                 ("blk.0.ffn_gate", "blk.0.ffn_down"), ("blk.0.ffn_up", "blk.0.ffn_down"), ("blk.0.ffn_down", "layer 0"),
                 ("layer 0", "blk.1.attn_norm")]:
        assert frozenset((u, v)) in found, (u, v)
    answer = json.loads(run("model", "--model", tiny_model, "--algorithm", "components", "--json").stdout)
    assert {row["component"] for row in answer["result"]} == {0}, "everything is connected"
    assert not any("not known" in note for note in answer["notes"])
    label = next(row["label"] for row in answer["result"] if row["id"] == "blk.0.attn_q.weight")
    assert "q8_0" in label and "MiB" in label


@pytest.mark.parametrize("arguments, said", [
    ([], "which graph?"),
    (["magic"], "there is no graph 'magic'"),
    (["trace", "--edges", "x.csv"], "not from both"),
    (["trace", "--since", "soon"], "--since"),
    (["trace", "--gpu-memory", "1G"], "--gpu-memory"),
])
def test_wrong_usage(binary, arguments, said):
    done = run(*arguments)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


def test_no_model_and_no_store(binary, tmp_path):
    assert "which model?" in run("model").stderr
    assert run("model", "--model", tmp_path / "nothing.gguf").returncode == 1
    done = run("services", "--data", tmp_path / "nowhere")
    assert done.returncode == 1 and "there is no store" in done.stderr
