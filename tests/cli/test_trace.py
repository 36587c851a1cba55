"""`trace` over known spans."""

import json

import pytest

TRACE = "a" * 32


@pytest.mark.parametrize("name", [TRACE, "aaaa", "req-slow", "req-s"])
def test_tree_by_any_unique_name(program, store, golden, name):
    done = program("trace", name, "--data", str(store))
    assert (done.returncode, done.stderr) == (0, "")
    golden("trace.txt", done.stdout)


def test_json(program, store, golden):
    done = program("trace", TRACE, "--json", "--data", str(store))
    golden("trace.json", done.stdout)
    d = json.loads(done.stdout)
    assert sum(segment["duration_ns"] for segment in d["critical_path"]) == d["duration_ns"] == 2_000_000_000
    assert [s["name"] for s in d["critical_path"]] == ["POST /v1/completions", "queue", "prefill", "decode"]


def test_a_beginning_that_several_have(program, store):
    done = program("trace", "req-", "--data", str(store))
    assert done.returncode == 1 and "more than one trace" in done.stderr and TRACE in done.stderr


def test_a_whole_id_beats_a_beginning(program, store):
    done = program("trace", "req-1", "--data", str(store))
    assert done.returncode == 1 and "was not sampled" in done.stderr


@pytest.mark.parametrize("name", ["zzz", "'; DROP TABLE spans; --", "%", "\x1b[2J"])
def test_unknown(program, store, name):
    done = program("trace", name, "--data", str(store))
    assert done.returncode == 1 and "no trace and no request" in done.stderr
    assert "\x1b" not in done.stderr
