"""Parquet, read by pyarrow."""

import json

import pyarrow.parquet as pq
import pytest

from support.product import sql


def test_every_table_as_the_store_has_it(program):
    said = program.json("parquet", "-o", "out")
    tables = {file["table"] for file in said["files"]}
    assert {"requests", "received_spans", "steps", "step_members", "turns", "gpu_samples", "events", "losses"} <= tables
    assert "spans" not in tables and "meta" not in tables
    counts = {row["name"]: row["n"] for row in sql(program.data, " UNION ALL ".join(
        f"SELECT '{table}' AS name, count(*) AS n FROM {table}" for table in tables))}
    for file in said["files"]:
        path = program.folder / file["path"]
        assert path.stat().st_size == file["bytes"]
        assert pq.read_table(path).num_rows == counts[file["table"]]
    assert {p.name for p in (program.folder / "out").iterdir()} == {f"{table}.parquet" for table in tables}


def test_values_are_kept(program):
    program.done("parquet", "--table", "requests", "-o", "out")
    rows = pq.read_table(program.folder / "out" / "requests.parquet").to_pylist()
    first = next(row for row in rows if row["request_id"] == "1")
    assert first["start_unix_ns"] == 1767225600000000000
    assert first["model"] == "tiny & <small>"
    assert first["stream"] is True and first["temperature"] == 0.5
    assert first["receive_ns"] is None


def test_prompts_only_by_name(program):
    program.done("parquet", "--table", "requests", "--table", "received_spans", "--table", "spans", "-o", "out")
    for table in ("requests", "received_spans", "spans"):
        assert "secret" not in str(pq.read_table(program.folder / "out" / f"{table}.parquet").to_pylist()), table
    spans = pq.read_table(program.folder / "out" / "received_spans.parquet").to_pylist()
    chat = next(span for span in spans if span["name"] == "chat")
    assert json.loads(chat["attributes"]) == {"gen_ai.request.model": "m"}
    events = json.loads(next(span for span in spans if span["name"] == "buy")["events"])
    assert events == [{"name": "exception", "unix_ns": 1767225601030000000, "attributes": {"exception.type": "Oops"}}]
    program.done("parquet", "--table", "requests", "--with-content", "-o", "all")
    with_content = pq.read_table(program.folder / "all" / "requests.parquet").to_pylist()
    assert with_content[0]["response_content"] == "secret answer"


def test_since(program):
    program.done("parquet", "--table", "requests", "--table", "resources", "--since", "1s", "-o", "out")
    assert pq.read_table(program.folder / "out" / "requests.parquet").num_rows == 0
    assert pq.read_table(program.folder / "out" / "resources.parquet").num_rows >= 1


@pytest.mark.parametrize("name", ["nothing", 'requests"; --'])
def test_a_table_that_is_not_there(program, name):
    assert "the store has no table" in program.refused("parquet", "--table", name, "-o", "out")
    assert not (program.folder / "out").exists()


def test_a_folder_that_cannot_be(program):
    (program.folder / "file").write_text("")
    assert "cannot make the folder" in program.refused("parquet", "-o", "file/out")
