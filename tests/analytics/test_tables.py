"""`analyze`: every operation beside numpy, on rows with what is not known, several groups and times that repeat."""

import datetime
import json
import re
import shutil
import subprocess

import numpy
import pytest

from analytics.test_store_graphs import folder  # noqa: F401  (a fixture)
from cli.duckdb_file import execute
from support import places

SECOND = 1_000_000_000


def rows():
    """(group, time in s, value or None), made so that no two runs differ."""
    rng = numpy.random.default_rng(3)
    made = []
    for i in range(400):
        value = None if i % 37 == 5 else round(float(rng.lognormal(3, 1)), 3)
        made.append(("ab"[i % 2], int(rng.integers(0, 600)), value))
    made[100] = ("a", 300, 5000.0)
    return made


@pytest.fixture(scope="module")
def data(folder, tmp_path_factory):  # noqa: F811
    copy = tmp_path_factory.mktemp("tables") / "data"
    shutil.copytree(folder, copy)
    values = ", ".join(f"('{g}', {t * SECOND}, {'NULL' if v is None else v})" for g, t, v in rows())
    execute(copy / "telemetry.duckdb",
            f"INSERT INTO metrics BY NAME SELECT t AS unix_ns, g AS name, v AS value, NULL AS attributes, NULL AS unit "
            f"FROM (VALUES {values}) r(g, t, v) WHERE v IS NOT NULL;"
            f"CREATE TABLE sample AS SELECT * FROM (VALUES {values}) r(g, t, v)")
    return copy


def run(data, *arguments):
    return subprocess.run([places.product(), "analyze", *arguments, "--data", data], capture_output=True, text=True, timeout=50)


def ask(data, operation, *arguments) -> list[dict]:
    done = run(data, operation, "--from", "sample", "--value", "v", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def known(group=None, keep=lambda t: True):
    return numpy.array([v for g, t, v in rows() if v is not None and group in (None, g) and keep(t)])


def figures(values) -> dict:
    return {"count": len(values), "sum": values.sum(), "mean": values.mean(), "min": values.min(), "max": values.max(),
            "p50": numpy.quantile(values, 0.5), "p95": numpy.quantile(values, 0.95), "p99": numpy.quantile(values, 0.99)}


def test_groups(data):
    found = {row.pop("g"): row for row in ask(data, "group", "--by", "g")}
    for group in "ab":
        assert found[group].pop("unknown") == sum(v is None for g, _, v in rows() if g == group)
        assert found[group] == pytest.approx(figures(known(group)), rel=1e-12)
    (all_rows,) = ask(data, "group", "--quantiles", "0.25,0.999")
    assert all_rows["p25"] == pytest.approx(numpy.quantile(known(), 0.25)) and "p99.9" in all_rows
    (some,) = ask(data, "group", "--where", "v > 20 AND g = 'a'")
    assert some["count"] == (known("a") > 20).sum()


@pytest.mark.parametrize("logarithmic", [False, True])
def test_histogram(data, logarithmic):
    found = ask(data, "histogram", "--bins", "15", "--by", "g", *["--log"] * logarithmic)
    scale = numpy.log if logarithmic else (lambda x: x)
    ends = (scale(known()).min(), scale(known()).max())
    for group in "ab":
        counts, edges = numpy.histogram(scale(known(group)), 15, ends)
        mine = [row for row in found if row["g"] == group]
        assert [row["count"] for row in mine] == list(counts)
        assert [scale(row["from"]) for row in mine] == pytest.approx(list(edges[:-1]), abs=1e-9)


def test_buckets(data):
    found = ask(data, "buckets", "--every", "1m", "--time", "t", "--by", "g")
    assert len(found) == 20
    for row in found:
        start = row["time"] // SECOND
        values = known(row["g"], lambda t, start=start: start <= t < start + 60)
        assert {name: row[name] for name in figures(values)} == pytest.approx(figures(values), rel=1e-12)


def test_rolling(data):
    found = ask(data, "rolling", "--window", "50s", "--time", "t", "--by", "g", "--quantiles", "0.9")
    assert len(found) == 400
    for row in found:
        now = row["time"] // SECOND
        window = known(row["g"], lambda t, now=now: now - 50 <= t <= now)
        assert row["count"] == len(window)
        assert row["p90"] == (None if len(window) == 0 else pytest.approx(numpy.quantile(window, 0.9)))


def test_anomalies(data):
    found = ask(data, "anomalies", "--window", "100s", "--time", "t", "--by", "g", "--threshold", "4", "--least", "5")
    wanted = []
    for i, (group, now, value) in enumerate(rows()):
        if value is None:
            continue
        before = numpy.array([v for j, (g, t, v) in enumerate(rows()) if v is not None and g == group and j != i and now - 100 <= t <= now])
        if len(before) < 5:
            continue
        median = numpy.median(before)
        z = 0.6744897501960817 * (value - median) / numpy.median(abs(before - median))
        if abs(z) >= 4:
            wanted.append((group, now * SECOND, value, z))
    assert sorted((row["g"], row["time"], row["value"], pytest.approx(row["z"])) for row in found) == sorted(wanted)
    assert found[0]["value"] == 5000.0, "the one that was put there stands out most"


def test_the_time_is_found_and_since_counts(data):
    ours = ("--from", "metrics", "--value", "value", "--where", "name IN ('a', 'b')")
    done = run(data, "buckets", *ours, "--format", "csv")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 11, done.stderr
    done = run(data, "buckets", *ours, "--since", "1s", "--format", "json")
    assert json.loads(done.stdout) == []


def test_a_select_with_a_join(data):
    done = run(data, "group", "--from", "SELECT v, tier FROM sample JOIN (VALUES ('a', 'gold')) tiers(g, tier) USING (g)",
               "--value", "v", "--by", "tier", "--format", "json")
    (row,) = json.loads(done.stdout)
    assert (row["tier"], row["count"]) == ("gold", len(known("a")))


def test_other_formats_and_the_statement_itself(data, tmp_path):
    done = run(data, "group", "--from", "sample", "--value", "v", "--format", "parquet", "-o", tmp_path / "x.parquet")
    assert done.returncode == 0 and (tmp_path / "x.parquet").read_bytes()[:4] == b"PAR1"
    shown = run(data, "group", "--from", "sample", "--value", "v", "--show-sql").stdout
    again = subprocess.run([places.product(), "query", shown, "--format", "csv", "--data", data], capture_output=True, text=True,
                           timeout=50)
    assert again.stdout == run(data, "group", "--from", "sample", "--value", "v", "--format", "csv").stdout


def table(data, *arguments) -> list[dict]:
    """The cells of a table, as text; columns are two blanks apart."""
    done = run(data, *arguments, "--from", "sample", "--value", "v")
    assert done.returncode == 0, done.stderr
    lines = [re.split(r" {2,}", line.strip()) for line in done.stdout.splitlines()]
    return [dict(zip(lines[0], cells)) for cells in lines[2:]]


@pytest.mark.parametrize("question", [("group", "--by", "g"), ("histogram",), ("buckets", "--time", "t", "--every", "5m"),
                                      ("rolling", "--time", "t"), ("anomalies", "--time", "t")], ids=lambda q: q[0])
def test_a_table_is_for_reading(data, question):
    """Six digits and dates; every digit and nanosecond in the other formats."""
    shown, exact = table(data, *question), ask(data, *question)
    assert len(shown) == len(exact) > 0
    for cells, values in zip(shown, exact):
        for name, value in values.items():
            if name == "time":
                at = datetime.datetime.fromtimestamp(value // SECOND, datetime.timezone.utc)
                assert cells[name] == at.strftime("%Y-%m-%d %H:%M:%S")
            elif isinstance(value, float):
                assert float(cells[name]) == pytest.approx(value, rel=5.1e-6)
                assert len(cells[name].replace(".", "").replace("-", "").strip("0")) <= 6 or cells[name].endswith(".0")
            elif value is not None:
                assert cells[name] == str(value)


def test_keys_of_any_name_stand_in_the_table(data):
    for key in ("sum", "value", "p50"):
        done = run(data, "buckets", "--from", f'(SELECT *, g AS "{key}" FROM sample)', "--value", "v", "--time", "t", "--by", key)
        assert done.returncode == 0, (key, done.stderr)


def test_no_rows(data):
    for operation in ("group", "histogram", "buckets", "rolling", "anomalies"):
        found = ask(data, operation, "--where", "false", "--time", "t")
        assert found == [] or [row["count"] for row in found] == [0], operation


@pytest.mark.parametrize("arguments, code, said", [
    (["guess", "--value", "v"], 2, "there is no operation 'guess'"), (["group"], 2, "--value"),
    (["group", "--value", "v", "--quantiles", "95"], 2, "between 0 and 1"),
    (["buckets", "--from", "sample", "--value", "v"], 2, "neither start_unix_ns nor unix_ns"),
    (["buckets", "--value", "v", "--every", "soon"], 2, "--every"), (["histogram", "--from", "sample", "--value", "v", "--bins", "0"], 2, "at least one bin"),
    (["group", "--from", "nowhere", "--value", "v"], 1, "nowhere"), (["group", "--from", "sample", "--value", "nothing"], 1, "nothing"),
    (["group", "--from", "sample", "--value", "v); DROP TABLE sample; --"], 1, ""),
    (["anomalies", "--from", "sample", "--value", "v", "--time", "t", "--threshold", "-1"], 2, "threshold"),
])
def test_wrong_questions(data, arguments, code, said):
    done = run(data, *arguments)
    assert done.returncode == code and said in done.stderr and done.stdout == "", (done.returncode, done.stderr)
    assert len(ask(data, "group")) == 1
