"""The GPU worker and everything that can go wrong with it, without a GPU: a plugin for tests stands in for cuGraph and
fails on request. That the real plugin answers right is bench/gpu/analytics' business, on a machine with a GPU."""

import subprocess

import pytest

from analytics.zoo import ZOO, cliques, power_law
from cli.duckdb_file import execute
from support import places
from support.product import Up
from support.waiting import wait_until


@pytest.fixture
def rings(graphs):
    """So much betweenness that `auto` would take the GPU, in parts so small that the CPU has no trouble."""
    rows = [(c * 10 + i, c * 10 + (i + 1) % 10, 1.0) for c in range(3300) for i in range(10)]
    return graphs.write(rows, False)


@pytest.mark.parametrize("arguments", [["pagerank"], ["pagerank", "--from", "3"], ["louvain"], ["components"], ["kcore"],
                                       ["strong-components"], ["triangles"], ["bfs", "--from", "0"], ["sssp", "--from", "0"],
                                       ["layout", "--iterations", "20"]], ids=" ".join)
def test_answers_come_through_as_they_are(graphs, plugin, arguments):
    path = graphs.write(power_law(11, 200), False)
    gpu = graphs.ask(path, *arguments, "--backend", "gpu", environment=plugin())
    cpu = graphs.ask(path, *arguments, "--backend", "cpu")
    assert (gpu["backend"], cpu["backend"]) == ("gpu", "cpu")
    assert "a plugin for tests" in gpu["version"] and gpu["reason"] == "asked for"
    assert cpu["build_ms"] >= 0 and gpu["build_ms"] is None, "not known there"
    for ours, theirs in zip(cpu["result"], gpu["result"], strict=True):
        assert ours.keys() == theirs.keys() and ours["id"] == theirs["id"]
        if arguments[0] != "layout":  # the two may lay out differently
            assert [value and pytest.approx(value, rel=1e-9) for value in ours.values()] == list(theirs.values())


@pytest.mark.parametrize("fault, said", [
    ("abi", "speaks version 6 of the interface, this program 5"),
    ("unavailable", "no GPU analytics: this machine has no driver"),
    ("crash", "the GPU worker ended by signal 6"),
    ("memory", "the GPU's memory does not suffice: std::bad_alloc"),
    ("small", "0 MiB are left"),
])
def test_every_failure_is_said_and_auto_goes_on_with_the_cpu(graphs, plugin, rings, fault, said):
    asked = graphs.run(rings, "--algorithm", "betweenness", "--backend", "gpu", environment=plugin(fault))
    assert asked.returncode == 1 and said in asked.stderr and asked.stdout == ""
    assert "--backend cpu" in asked.stderr
    answer = graphs.ask(rings, "edge-betweenness", "--backend", "auto", environment=plugin(fault))
    assert answer["backend"] == "cpu"
    assert answer["reason"].startswith("instead of the GPU: ") and said in answer["reason"]
    assert len({round(row["value"], 12) for row in answer["result"]}) == 1  # all edges are alike


def test_auto_takes_the_gpu_for_what_is_large(graphs, plugin, rings):
    answer = graphs.ask(rings, "edge-betweenness", environment=plugin())
    assert (answer["backend"], answer["reason"]) == ("gpu", "a graph of this size is quicker on the GPU")
    small = graphs.ask(graphs.write(cliques(2, 3), False), "edge-betweenness", environment=plugin("crash"))
    assert (small["backend"], small["reason"]) == ("cpu", "a graph of this size is quicker on the CPU")


def test_without_a_plugin(graphs, rings, tmp_path):
    nowhere = {"LLAMATELEMETRY_RAPIDS": str(tmp_path / "nowhere"), "XDG_CACHE_HOME": str(tmp_path)}
    built = places.product().parent / "libllamatelemetry_rapids.so"
    asked = graphs.run(rings, "--backend", "gpu", environment=nowhere)
    assert asked.returncode == 1 and asked.stdout == ""
    # The real plugin may have been built beside the program: then it is the libraries that are missing.
    assert ("no libcugraph_c.so" if built.exists() else "is not there") in asked.stderr
    assert graphs.ask(rings, "betweenness", environment=nowhere)["backend"] == "cpu"


def test_rapids_of_another_version(graphs, rings, tmp_path):
    built = places.product().parent / "libllamatelemetry_rapids.so"
    if not built.exists():
        pytest.skip("the real plugin is not built here: it needs cuGraph's headers")
    folder = tmp_path / "libcugraph" / "lib64"
    folder.mkdir(parents=True)
    (folder / "libcugraph_c.so").write_text("")
    (tmp_path / "libcugraph" / "VERSION").write_text("25.08.00\n")
    asked = graphs.run(rings, "--backend", "gpu", environment={"LLAMATELEMETRY_RAPIDS": f"{built.parent}:{tmp_path}"})
    assert asked.returncode == 1 and "RAPIDS 25.08.00 is there, but this program was compiled for 26.10" in asked.stderr


def test_the_set_for_cuda_12_where_cuda_13_is_installed(graphs, rings, tmp_path):
    built = places.product().parent / "libllamatelemetry_rapids.so"
    if not built.exists():
        pytest.skip("the real plugin is not built here: it needs cuGraph's headers")

    def make(folder, name, needs=()):
        folder.mkdir(exist_ok=True)
        subprocess.run(["gcc", "-shared", "-nostdlib", "-Wl,--no-as-needed", "-x", "c", "/dev/null", "-x", "none",
                        "-o", folder / name, f"-Wl,-soname,{name}", *needs], check=True)
        return folder / name

    ours, installed = tmp_path / "set", tmp_path / "installed"
    make(installed, "libcublas.so.13")
    cublas = make(ours, "libcublas.so.12")
    for name in ("rapids_logger", "rmm", "kvikio", "raft", "cuvs", "cugraph_common", "cugraph", "cugraph_mg"):
        make(ours, f"lib{name}.so")
    make(ours, "libcugraph_c.so", [cublas])
    (ours / "VERSION").write_text("26.10.00\n")
    asked = graphs.run(rings, "--backend", "gpu", environment={"LLAMATELEMETRY_RAPIDS": f"{built.parent}:{ours}",
                                                              "LD_LIBRARY_PATH": str(installed)})
    assert asked.returncode == 1 and "libcugraph_c.so lacks cugraph_" in asked.stderr, "all could be opened, and are empty"


def test_the_plan_of_the_engine_bounds_the_memory(graphs, plugin, rings, tmp_path):
    engine = Up(tmp_path, ["--upstream", "http://127.0.0.1:9"], wait_ready_s=None)
    wait_until(lambda: (engine.data / "run.json").exists(), "run.json", 20)
    assert engine.stop() == 0
    execute(engine.data / "telemetry.duckdb", "INSERT INTO gpus BY NAME SELECT 1 AS unix_ns, 1 AS gpu, 80000000000 AS "
            "memory_total_bytes, 79999000000 AS planned_bytes")
    running = Up(tmp_path, ["--upstream", "http://127.0.0.1:9"], data=engine.data, wait_ready_s=None)
    try:
        wait_until(lambda: (engine.data / "run.json").exists(), "run.json", 20)
        ask = ("--algorithm", "pagerank", "--backend", "gpu", "--data", str(engine.data))
        asked = graphs.run(rings, *ask, "--analytics-gpu", "1", environment=plugin())
        assert asked.returncode == 1 and "0 MiB are left to it" in asked.stderr
        assert graphs.run(rings, *ask, "--analytics-gpu", "0", environment=plugin()).returncode == 0
        asked = graphs.run(rings, *ask, "--analytics-gpu", "1", "--gpu-memory", "1GiB", environment=plugin())
        assert asked.returncode == 0, "what the user says counts"
    finally:
        assert running.stop() == 0


def test_what_is_no_plugin(graphs, rings, tmp_path):
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "libllamatelemetry_rapids.so").write_text("no library")
    asked = graphs.run(rings, "--backend", "gpu", environment={"LLAMATELEMETRY_RAPIDS": str(folder)})
    assert asked.returncode == 1 and "cannot open the plugin" in asked.stderr


def test_betweenness_of_vertices_follows_from_that_of_edges(graphs, plugin):
    for rows in (power_law(11, 300), cliques(3, 5), [(0, 1, 1.0), (1, 2, 1.0), (3, 4, 1.0), (4, 4, 1.0)]):
        path = graphs.write(rows, False)
        gpu = graphs.ask(path, "betweenness", "--backend", "gpu", environment=plugin())
        cpu = {row["id"]: row["value"] for row in graphs.ask(path, "betweenness", "--backend", "cpu")["result"]}
        assert gpu["backend"] == "gpu"
        assert {row["id"]: row["value"] for row in gpu["result"]} == pytest.approx(cpu, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("kind", [kind for kind in ZOO if kind.name in (
    "random", "star", "cliques", "disconnected", "self-loops", "weighted multi-edges", "odd ids")], ids=lambda kind: kind.name)
def test_similarity_and_what_is_near_are_the_cpus_to_the_last_digit(graphs, plugin, kind):
    path = graphs.write(kind.rows, kind.weighted)
    start = str(kind.vertices[0])
    for arguments in (["jaccard"], ["overlap"], ["ego", "--from", start], ["ego", "--from", start, "--radius", "0"],
                      ["ego", "--from", start, "--radius", "2", "--directed"]):
        gpu = graphs.ask(path, *arguments, "--backend", "gpu", environment=plugin())
        cpu = graphs.ask(path, *arguments, "--backend", "cpu")
        assert (gpu["backend"], cpu["backend"]) == ("gpu", "cpu") and gpu["result"], arguments
        assert gpu["result"] == cpu["result"] and gpu["findings"] == cpu["findings"], arguments


@pytest.mark.parametrize("algorithm", ["jaccard", "overlap"])
def test_similarity_with_little_memory_a_value_that_cannot_be_and_auto(graphs, plugin, algorithm):
    path = graphs.write(power_law(11, 300), False)
    cpu = graphs.ask(path, algorithm, "--backend", "cpu")
    few = graphs.ask(path, algorithm, "--backend", "gpu", environment=plugin("few"))
    assert len(few["result"]) > 500 and few["result"] == cpu["result"], "asked in parts of at most 100 pairs"
    wrong = graphs.run(path, "--algorithm", algorithm, "--backend", "gpu", environment=plugin("inexact"))
    assert wrong.returncode == 1 and wrong.stdout == "" and "no number of common neighbours" in wrong.stderr
    memory = graphs.run(path, "--algorithm", algorithm, "--backend", "gpu", environment=plugin("memory"))
    assert memory.returncode == 1 and "the GPU's memory does not suffice" in memory.stderr
    left = graphs.ask(path, algorithm, environment=plugin("crash"))
    assert (left["backend"], left["reason"]) == ("cpu", f"{algorithm} is left to the CPU at any size")


def test_what_only_the_cpu_can_do(graphs, plugin):
    path = graphs.write(cliques(2, 4), False)
    asked = graphs.run(path, "--algorithm", "degree", "--backend", "gpu", environment=plugin())
    assert asked.returncode == 1 and "degree runs on the CPU only" in asked.stderr
    asked = graphs.run(path, "--algorithm", "betweenness", "--directed", "--backend", "gpu", environment=plugin())
    assert asked.returncode == 1 and "runs on the CPU only" in asked.stderr
    alone = graphs.file("src,dst\na,a\n")
    answer = graphs.ask(alone, "layout", "--backend", "gpu", environment=plugin("crash"))
    assert answer["backend"] == "cpu" and "nothing for a GPU to do" in answer["reason"]


def test_which_gpu(graphs, plugin, rings):
    found = graphs.ask(rings, "betweenness", "--backend", "gpu", "--analytics-gpu", "3", environment=plugin())
    assert found["version"].endswith("GPU 3")
    assert graphs.ask(rings, "betweenness", "--analytics-gpu", "none", environment=plugin())["backend"] == "cpu"
    for arguments, said in ((["--analytics-gpu", "none", "--backend", "gpu"], "no GPU for --backend gpu"),
                            (["--analytics-gpu", "second"], "'second' is no GPU's number")):
        asked = graphs.run(rings, *arguments, environment=plugin())
        assert asked.returncode == 2 and said in asked.stderr


def test_no_worker_is_left(graphs, plugin, rings):
    for fault in ("", "crash", "memory"):
        graphs.run(rings, "--algorithm", "betweenness", "--backend", "gpu", environment=plugin(fault))
    left = subprocess.run(["pgrep", "-f", "--", "--analytics-worker"], text=True, capture_output=True, check=False).stdout
    assert left == ""


def test_the_worker_is_nothing_for_people(binary):
    done = subprocess.run([binary, "--analytics-worker"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                          check=False)
    assert done.returncode == 0 and done.stdout == ""
