"""`graph knn` through the GPU worker, with a plugin for tests in the place of cuVS: the CPU's answer to the last digit, and
every failure. The real one is proved by bench/gpu/vectors on a machine with a GPU."""

import json
import subprocess

import numpy
import pytest

from support import places


@pytest.fixture
def knn(graphs, tmp_path):
    """knn(vectors, arguments): the program's end and, when it was a good one, its answer."""
    def run(vectors, *arguments, environment=None):
        path = tmp_path / "own.jsonl"
        path.write_text("".join(json.dumps({"id": f"d{i}", "text": "x", "embedding": [float(number) for number in vector]}) + "\n"
                                for i, vector in enumerate(vectors)))
        done = subprocess.run([places.product(), "graph", "knn", "--texts", path, "--algorithm", "components", "--json",
                               "--min-similarity", "0", *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=50,
                              env={**graphs.environment, **(environment or {})})
        return done, json.loads(done.stdout) if done.returncode == 0 else None
    return run


def note(answer) -> str:
    return next(note for note in answer["notes"] if note.startswith("the most similar were found by "))


def vectors(kind: str):
    rng = numpy.random.default_rng(3)
    if kind == "copies":
        return rng.normal(size=(7, 12))[rng.integers(0, 7, 180)]
    if kind == "nearly copies":
        return rng.normal(size=(7, 12))[rng.integers(0, 7, 180)] + 1e-6 * rng.normal(size=(180, 12))
    return rng.normal(size=(1, 4) if kind == "one" else (180, 1) if kind == "one number" else (180, 33))


@pytest.mark.parametrize("neighbours", ["1", "9", "500"])
@pytest.mark.parametrize("kind", ["random", "copies", "nearly copies", "one number"])
def test_both_back_ends_give_the_same(knn, plugin, kind, neighbours):
    _, cpu = knn(vectors(kind), "--neighbours", neighbours, "--backend", "cpu")
    _, gpu = knn(vectors(kind), "--neighbours", neighbours, "--backend", "gpu", environment=plugin())
    assert gpu["links"] == cpu["links"] and cpu["links"]
    assert note(cpu).startswith("the most similar were found by the CPU in ") and note(cpu).endswith(": asked for")
    assert note(gpu).startswith("the most similar were found by the GPU (a plugin for tests, GPU ")
    assert ("the CPU looked again" in note(gpu)) == (kind != "random" and neighbours != "500")


def test_small_tables_are_left_to_the_cpu(knn, plugin):
    _, answer = knn(vectors("random"), environment=plugin("crash"))
    assert note(answer).endswith("so many vectors are compared quicker on the CPU")
    _, alone = knn(vectors("one"), "--backend", "gpu", environment=plugin("crash"))
    assert "nothing for a GPU to do" in note(alone) and alone["links"] == []


@pytest.mark.parametrize("fault, said", [
    ("abi", "speaks version 6 of the interface, this program 5"),
    ("unavailable", "no GPU analytics: this machine has no driver"),
    ("crash", "the GPU worker ended by signal 6"),
    ("memory", "the GPU's memory does not suffice: std::bad_alloc"),
    ("inexact", "neighbours that are none"),
])
def test_every_failure_is_said(knn, plugin, fault, said):
    done, _ = knn(vectors("random"), "--backend", "gpu", environment=plugin(fault))
    assert done.returncode == 1 and said in done.stderr and "--backend cpu" in done.stderr and done.stdout == ""


def test_where_memory_is_short_fewer_are_asked_about_at_a_time(knn, plugin):
    _, cpu = knn(vectors("random"), "--backend", "cpu")
    _, gpu = knn(vectors("random"), "--backend", "gpu", environment=plugin("few"))
    assert gpu["links"] == cpu["links"] and "found by the GPU" in note(gpu)


def test_without_a_plugin_no_engine_is_asked(graphs, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("one\ntwo\n")
    nowhere = {"LLAMATELEMETRY_RAPIDS": str(tmp_path / "nowhere"), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run([places.product(), "graph", "knn", "--texts", path, "--backend", "gpu", "--url", "http://127.0.0.1:9"],
                          capture_output=True, text=True, cwd=tmp_path, timeout=50, env={**graphs.environment, **nowhere})
    assert done.returncode == 1
    if not (places.product().parent / "libllamatelemetry_rapids.so").exists():
        assert "is not there" in done.stderr and "127.0.0.1" not in done.stderr


def test_cuvs_of_another_version(knn, tmp_path):
    built = places.product().parent / "libllamatelemetry_rapids.so"
    if not built.exists():
        pytest.skip("the real plugin is not built here: it needs cuGraph's headers")
    folder = tmp_path / "libcuvs" / "lib64"
    folder.mkdir(parents=True)
    (folder / "libcuvs_c.so").write_text("")
    (tmp_path / "libcuvs" / "VERSION").write_text("25.08.00\n")
    done, _ = knn(vectors("random"), "--backend", "gpu", environment={"LLAMATELEMETRY_RAPIDS": f"{built.parent}:{tmp_path}"})
    assert done.returncode == 1 and "RAPIDS 25.08.00 is there, but this program was compiled for 26.10" in done.stderr
