"""`analyze --backend`: what the GPU worker answers comes out as DuckDB's own answer does, in every format, and every failure
is said. A plugin for tests stands in for cuDF; the real one is compared by bench/gpu/tables."""

import json
import os
import subprocess

import pytest

from analytics.test_store_graphs import folder  # noqa: F401  (a fixture)
from analytics.test_tables import data  # noqa: F401  (a fixture)
from support import places

QUESTIONS = [["group"], ["group", "--by", "g"], ["group", "--by", "g", "--by", "t % 7", "--quantiles", "0,0.25,1"], ["histogram"],
             ["histogram", "--by", "g", "--log", "--bins", "7"], ["buckets", "--time", "t", "--every", "1m"],
             ["buckets", "--time", "t", "--every", "7s", "--by", "g"], ["rolling", "--time", "t", "--window", "50s"],
             ["rolling", "--time", "t", "--window", "50s", "--by", "g", "--quantiles", "0.9"],
             ["anomalies", "--time", "t", "--window", "100s", "--threshold", "2"],
             ["anomalies", "--time", "t", "--window", "100s", "--by", "g", "--threshold", "2", "--least", "3"]]


def run(data, *arguments, environment=None, text=True):  # noqa: F811
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LLAMATELEMETRY_", "XDG_", "CUDA_"))}
    return subprocess.run([places.product(), "analyze", *arguments, "--data", data], capture_output=True, text=text, timeout=50,
                          env={**kept, "HOME": str(data), **(environment or {})})


def both(data, plugin, *arguments) -> tuple[list[dict], list[dict]]:  # noqa: F811
    answers = []
    for backend, environment in (("cpu", {}), ("gpu", plugin())):
        done = run(data, *arguments, "--backend", backend, "--format", "json", environment=environment)
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))
    return answers[0], answers[1]


def alike(ours: list[dict], theirs: list[dict]) -> None:
    """The same columns in the same order, and the same rows; those that no column tells apart in any."""
    assert [list(row) for row in ours] == [list(row) for row in theirs]
    key = lambda row: json.dumps([value for name, value in row.items() if name not in ("sum", "mean")])  # noqa: E731
    for a, b in zip(sorted(ours, key=key), sorted(theirs, key=key), strict=True):
        assert a.keys() == b.keys()
        for name in a:
            added = name in ("sum", "mean") and a[name] is not None
            assert b[name] == (pytest.approx(a[name], rel=1e-12) if added else a[name]), (name, a, b)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_the_same_answer(data, plugin, question):  # noqa: F811
    ours, theirs = both(data, plugin, question[0], "--from", "sample", "--value", "v", *question[1:])
    assert ours, "a question without an answer proves nothing"
    alike(ours, theirs)


# (what, SELECT with g, t and v)
ODD = [("nothing known", "SELECT i % 3 AS g, i * 1000000000 AS t, NULL::DOUBLE AS v FROM range(9) r(i)"),
       ("one row", "SELECT 'only' AS g, 7 AS t, 3.25 AS v"),
       ("no time for some", "SELECT i % 2 AS g, CASE WHEN i % 3 <> 1 THEN i * 1000000000 END AS t, i * 1.5 AS v FROM range(40) r(i)"),
       ("no key for some", "SELECT CASE WHEN i % 3 > 0 THEN 'k' || i % 3 END AS g, i * 1000000000 AS t, i AS v FROM range(40) r(i)"),
       ("not a number", "SELECT i % 2 = 0 AS g, i * 1000000000 AS t, CASE i % 5 WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN 'inf'::DOUBLE "
        "WHEN 3 THEN '-inf'::DOUBLE ELSE i END AS v FROM range(60) r(i)"),
       ("huge", "SELECT (i % 2)::DOUBLE AS g, i * 1000000000 AS t, CASE WHEN i % 2 = 0 THEN 1.7e308 ELSE -1.7e308 END AS v FROM "
        "range(20) r(i)"),
       ("before 1970", "SELECT DATE '1969-12-31' + (i % 2)::INTEGER AS g, (i - 20) * 1000000000 AS t, -i AS v FROM range(40) r(i)"),
       ("a list as the key", "SELECT [i % 2, NULL] AS g, i * 1000000000 AS t, i % 4 AS v FROM range(30) r(i)"),
       ("an odd text as the key", "SELECT chr((32 + i % 90)::INTEGER) || '''\"é' AS g, i * 1000000000 AS t, i AS v FROM range(200) r(i)")]


@pytest.mark.parametrize("what, select", ODD, ids=[what for what, _ in ODD])
@pytest.mark.parametrize("question", [["group", "--by", "g"], ["histogram", "--by", "g"], ["buckets", "--by", "g", "--every", "3s"],
                                      ["rolling", "--by", "g", "--window", "9s"],
                                      ["anomalies", "--window", "9s", "--threshold", "1", "--least", "2"]], ids=lambda q: q[0])
def test_odd_rows(data, plugin, what, select, question):  # noqa: F811
    time = ["--time", "t"] if question[0] in ("buckets", "rolling", "anomalies") else []
    ours, theirs = both(data, plugin, question[0], "--from", select, "--value", "v", *time, *question[1:])
    alike(ours, theirs)


def test_a_key_may_be_an_enum_and_is_ordered_as_such(data, plugin):  # noqa: F811
    select = "SELECT (['z', 'a', 'm'])[1 + i % 3]::ENUM('z', 'm', 'a') AS g, 1.0 AS v FROM range(9) r(i)"
    ours, theirs = both(data, plugin, "group", "--from", select, "--value", "v", "--by", "g")
    assert [row["g"] for row in theirs] == ["z", "m", "a"] == [row["g"] for row in ours]


def test_every_format(data, plugin, tmp_path):  # noqa: F811
    ask = ("group", "--from", "sample", "--value", "v", "--by", "g")
    for shape in ("table", "csv", "arrow", "parquet"):
        files = []
        for backend in ("cpu", "gpu"):
            files.append(tmp_path / f"{backend}.{shape}")
            done = run(data, *ask, "--backend", backend, "--format", shape, "-o", files[-1], environment=plugin())
            assert done.returncode == 0 and done.stdout == "", done.stderr
        if shape != "parquet":
            assert files[0].read_bytes() == files[1].read_bytes()
    assert [file.read_bytes()[:4] for file in files] == [b"PAR1", b"PAR1"]


def test_it_says_who_answered_and_why(data, plugin):  # noqa: F811
    ask = ("group", "--from", "sample", "--value", "v")
    assert "by the GPU (a plugin for tests, GPU 0): asked for" in run(data, *ask, "--backend", "gpu", environment=plugin()).stderr
    assert "by the CPU: asked for" in run(data, *ask, "--backend", "cpu").stderr
    buckets = ("buckets", "--from", "sample", "--value", "v", "--time", "t")
    assert "by the CPU: this is left to the CPU at any size" in run(data, *buckets, "--backend", "auto").stderr
    assert run(data, *ask).stderr == "", "nobody asked"
    small = run(data, "anomalies", "--from", "sample", "--value", "v", "--time", "t", "--backend", "auto", environment=plugin("crash"))
    assert "by the CPU: a table of this size is quicker on the CPU" in small.stderr


@pytest.mark.parametrize("fault, said", [("abi", "speaks version 6 of the interface, this program 5"),
                                         ("unavailable", "this machine has no driver"),
                                         ("crash", "the GPU worker ended by signal 6"),
                                         ("memory", "the GPU's memory does not suffice: std::bad_alloc")])
def test_every_failure_is_said_and_auto_goes_on_with_the_cpu(data, plugin, fault, said):  # noqa: F811
    # Windows of 300 rows before each of 100 000: so much that `auto` takes the GPU, and soon refused by it.
    ask = ["anomalies", "--from", "SELECT i * 10000000 AS t, 1.0 AS v FROM range(100000) r(i)", "--value", "v", "--time", "t",
           "--window", "3s"]
    asked = run(data, *ask, "--backend", "gpu", environment=plugin(fault))
    assert asked.returncode == 1 and said in asked.stderr and asked.stdout == ""
    answer = run(data, *ask, "--format", "csv", environment=plugin(fault))
    assert answer.returncode == 0 and "by the CPU: instead of the GPU: " in answer.stderr and said in answer.stderr
    assert answer.stdout.splitlines() == ["time,value,z,median,mad,count"], "nothing varies"


def test_no_rows_are_the_cpus(data, plugin):  # noqa: F811
    done = run(data, "group", "--from", "sample", "--value", "v", "--where", "false", "--backend", "gpu", "--format", "json",
               environment=plugin("crash"))
    assert done.returncode == 0 and json.loads(done.stdout)[0]["count"] == 0
    assert "nothing for a GPU to do" in done.stderr


def test_wrong_questions_stay_wrong(data, plugin):  # noqa: F811
    asked = run(data, "group", "--from", "sample", "--value", "nothing", "--backend", "gpu", environment=plugin())
    assert asked.returncode == 1 and "nothing" in asked.stderr and asked.stdout == ""
    many = ",".join(str(i / 100) for i in range(100))
    asked = run(data, "group", "--from", "sample", "--value", "v", "--quantiles", many, "--backend", "gpu", environment=plugin())
    assert asked.returncode == 1 and "at most 62 quantiles" in asked.stderr
    asked = run(data, "group", "--from", "sample", "--value", "v", "--analytics-gpu", "none", "--backend", "gpu", environment=plugin())
    assert asked.returncode == 2 and "no GPU for --backend gpu" in asked.stderr


def test_without_a_plugin(data, tmp_path):  # noqa: F811
    nowhere = {"LLAMATELEMETRY_RAPIDS": str(tmp_path / "nowhere"), "XDG_CACHE_HOME": str(tmp_path)}
    asked = run(data, "group", "--from", "sample", "--value", "v", "--backend", "gpu", environment=nowhere)
    built = places.product().parent / "libllamatelemetry_rapids.so"
    # The real plugin may have been built beside the program: then it is the libraries that are missing.
    assert asked.returncode == 1 and ("no libcudf.so" if built.exists() else "is not there") in asked.stderr


def test_no_worker_is_left(data, plugin):  # noqa: F811
    for fault in ("", "crash", "memory"):
        run(data, "group", "--from", "sample", "--value", "v", "--backend", "gpu", environment=plugin(fault))
    left = subprocess.run(["pgrep", "-f", "--", "--analytics-worker"], text=True, capture_output=True, check=False).stdout
    assert left == ""
