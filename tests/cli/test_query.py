"""`query` over a folder: formats, files, errors."""

import json

import pytest

BY_MODEL = ("SELECT model, count(*) AS n, avg(ttft_ns)::BIGINT AS ttft FROM requests WHERE operation IS NOT NULL "
            "GROUP BY model ORDER BY model")


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_text_formats(program, store, golden, form):
    done = program("query", BY_MODEL, "--format", form, "--data", str(store))
    assert (done.returncode, done.stderr) == (0, "")
    golden(f"query.{form}", done.stdout)


def test_table_is_the_default(program, store, golden):
    golden("query.table", program("query", BY_MODEL, "--data", str(store)).stdout)


def test_reads_the_statement_from_stdin(program, store, golden):
    golden("query.csv", program("query", "-", "--format", "csv", "--data", str(store), stdin=BY_MODEL).stdout)


def test_unknown_is_null(program, store):
    done = program("query", "SELECT ttft_ns, cached_tokens FROM requests WHERE request_id = 'req-slow'", "--format",
                   "json", "--data", str(store))
    assert json.loads(done.stdout) == [{"ttft_ns": None, "cached_tokens": None}]


def test_parquet_file(program, store, tmp_path):
    done = program("query", "FROM requests", "--format", "parquet", "-o", "r.parquet", "--data", str(store))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    content = (tmp_path / "r.parquet").read_bytes()
    assert content[:4] == content[-4:] == b"PAR1"


def test_arrow_stream(program, store):
    done = program("query", "FROM requests", "--format", "arrow", "--data", str(store), text=False)
    assert done.returncode == 0
    # An IPC stream begins with a continuation mark and ends with one before a length of 0.
    assert done.stdout[:4] == b"\xff" * 4 and done.stdout[-8:] == b"\xff" * 4 + b"\0" * 4


def test_a_failed_query_leaves_no_file(program, store, tmp_path):
    (tmp_path / "old.csv").write_text("kept")
    done = program("query", "SELECT nothing FROM requests", "--format", "csv", "-o", "old.csv", "--data", str(store))
    assert done.returncode == 1
    assert (tmp_path / "old.csv").read_text() == "kept"
    assert not list(tmp_path.glob("*.part"))


def test_an_error_shows_where_it_is(program, store):
    done = program("query", "SELECT nothing FROM requests", "--data", str(store))
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert lines[0] == 'llamatelemetry: Binder Error: Referenced column "nothing" not found in FROM clause!'
    assert lines[-2:] == ["  LINE 1: SELECT nothing FROM requests", "                 ^"]


@pytest.mark.parametrize("sql", ["DELETE FROM requests", "SELECT 1; SELECT 2", "-- nothing", "COPY requests TO 'x.csv'",
                                 "ATTACH 'x.db'", "SELECT * FROM read_csv('/etc/passwd')", "SET threads = 1"])
def test_only_one_statement_that_reads(program, store, tmp_path, sql):
    done = program("query", sql, "--data", str(store))
    assert done.returncode == 1 and done.stderr.startswith("llamatelemetry: ")
    assert not list(tmp_path.glob("x.*"))


def test_no_store_there(program, tmp_path):
    done = program("query", "SELECT 1", "--data", str(tmp_path / "none"))
    assert done.returncode == 1 and str(tmp_path / "none") in done.stderr


def test_many_rows_stream_through(program, store):
    done = program("query", "SELECT range AS i FROM range(300000)", "--format", "csv", "--data", str(store))
    lines = done.stdout.split()
    assert len(lines) == 300001 and lines[-1] == "299999"


def test_a_plan_is_a_picture(program, store):
    shown = program("query", "EXPLAIN SELECT model, count(*) FROM requests GROUP BY model", "--data", str(store)).stdout
    assert "\\n" not in shown and len(shown.splitlines()) > 5 and "explain_key" not in shown


def test_rows_of_several_branches_all_come(program, store):
    """DuckDB sleeps for ever over a result that several of its pipelines fill, when the rows are taken one after the other."""
    done = program("query", "--data", str(store), "--format", "csv",
                   "WITH seen AS (SELECT random() AS v, 'k' || (i % 20) AS k FROM range(1000000) r(i)), "
                   "codes AS MATERIALIZED (SELECT row_number() OVER (ORDER BY k) AS code, k FROM (SELECT DISTINCT k FROM seen)) "
                   "SELECT v, code, NULL AS k FROM seen JOIN codes USING (k) "
                   "UNION ALL SELECT NULL, code, k FROM codes UNION ALL SELECT NULL, -1, any_value(k) FROM codes")
    assert done.stdout.count("\n") == 1 + 1_000_000 + 20 + 1
