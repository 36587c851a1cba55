"""Slips of the fingers and of the shell: said as what they are, before anything is written."""

import os
import re
import shutil
import subprocess

import pytest

from support import places

SLIPS = [
    (["up", "--probe", "--parallel", "4"], "--probe needs a value, and '--parallel' is the next option"),
    (["up", "--data", "--insecure"], "--data needs a value, and '--insecure' is the next option"),
    (["up", "--model", "--ctx=512"], "--model needs a value, and '--ctx=512' is the next option"),
    (["report", "--since", "--json"], "--since needs a value, and '--json' is the next option"),
    (["up", "--parallel"], "--parallel needs a value"),
    (["up", "--ctx", "1", "--ctx", "2"], "--ctx is given 2 times"),
    (["up", "--data", ""], "--data: the value is empty"),
    (["up", "--model", ""], "--model: the value is empty"),
    (["status", "--data="], "--data"),
    (["export", "parquett"], "no command 'parquett'"),
    (["probe", "env"], "no command 'env'"),
    ([], "a command is required"),
    (["synth", "m.gguf", "--layers", "-3"], "--layers: '-3' is not a whole number"),
    (["plan", "m.gguf", "--ctx", "1e3"], "--ctx: '1e3' is not a whole number"),
    (["graph", "services", "--rows", "-1"], "--rows: '-1' is not a whole number"),
    (["graph", "knn", "--neighbours", "0"], "--neighbours: '0' is not a whole number from 1 up"),
    (["analyze", "histogram", "--value", "1", "--bins", "-5"], "--bins: '-5'"),
    (["bench", "--url", "http://127.0.0.1:9", "--rate", "0"], "--rate: '0' is not a number from 0.001 to 100000"),
    (["bench", "--url", "http://127.0.0.1:9", "--concurrency", "9999"], "--concurrency: '9999' is not a whole number from 1 to 8192"),
    (["query", ""], "the statement is empty"),
    (["query", " ; "], "the statement is empty"),
]


@pytest.mark.parametrize("arguments, says", SLIPS, ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_a_slip_is_named(program, tmp_path, arguments, says):
    done = program(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("llamatelemetry: ") and says in done.stderr
    assert not list(tmp_path.glob("--*"))


def test_a_value_may_look_like_an_option(program, store):
    done = program("query", "--data", str(store), "--", "-- a comment\nSELECT 1 AS one")
    assert (done.returncode, done.stderr) == (0, "") and "one" in done.stdout


def test_the_hint_names_the_inner_command(program):
    assert "see 'llamatelemetry export parquet --help'" in program("export", "parquet", "--frob").stderr


def test_an_empty_value_of_the_file_is_said_with_its_line(program, tmp_path):
    (tmp_path / "llamatelemetry.toml").write_text('ctx = 512\nmodel = ""\n')
    done = program("up")
    assert done.returncode == 2 and "llamatelemetry.toml:2: model: the value is empty" in done.stderr


def test_an_unknown_log_level_hides_nothing(program, store):
    done = program("query", "SELECT 1", "--data", str(store), environment={"LLAMATELEMETRY_LOG_LEVEL": "verbose"})
    assert done.returncode == 0
    assert "LLAMATELEMETRY_LOG_LEVEL=verbose is not known; using info" in done.stderr
    assert program("query", "SELECT 1", "--data", str(store), environment={"LLAMATELEMETRY_LOG_LEVEL": "off"}).stderr == ""


@pytest.mark.parametrize("name", ["-", "stdout", "/dev/fd/1"])
@pytest.mark.parametrize("command", [["query", "SELECT 1 AS one"], ["analyze", "group", "--value", "total_ns"],
                                     ["export", "graphml", "interference"], ["export", "perfetto"]], ids=lambda c: c[0] + c[1][:8])
def test_stdout_has_names(program, store, tmp_path, command, name):
    (tmp_path / "stdout").symlink_to("/proc/self/fd/1")  # as /dev/stdout is
    expected = program(*command, "--data", str(store), text=False)
    assert program(*command, "--data", str(store), "-o", name, text=False).stdout == expected.stdout
    with open(tmp_path / "out", "wb") as out:  # a regular file behind the name
        out.write(b"before\n")
        out.flush()
        done = subprocess.run([places.product(), *command, "--data", store, "-o", name], stdout=out, env=program.environment,
                              cwd=tmp_path, timeout=30, check=False)
    assert done.returncode == 0
    assert (tmp_path / "out").read_bytes() == b"before\n" + expected.stdout
    assert (tmp_path / "stdout").is_symlink()


def test_a_link_stays_a_link(program, store, tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "latest.csv").symlink_to("real.csv")
    done = program("query", "SELECT 1 AS one", "--format", "csv", "--data", str(store), "-o", "latest.csv")
    assert done.returncode == 0 and (tmp_path / "latest.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "one\n1\n"


def test_a_reader_that_has_had_enough_is_no_trouble(program, store):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([places.product(), "query", "SELECT * FROM requests", "--data", store], stdout=writer,
                          stderr=subprocess.PIPE, text=True, env=program.environment, timeout=30, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_what_cannot_fit_takes_no_room_at_all(program, tmp_path):
    """Reserving it would fill the disk for a moment, for everybody."""
    done = program("synth", "m.gguf", "--layers", "512", "--embd", "65536", "--ff", "65536", "--heads", "64", "--kv-heads", "8")
    free = int(re.search(r"it needs \d+ bytes, and (\d+) are free", done.stderr)[1])
    assert done.returncode == 1 and 0.5 < free / shutil.disk_usage(tmp_path).free < 2


def test_one_edge_is_one_edge(program, tmp_path):
    (tmp_path / "e.csv").write_text("src,dst\na,b\n")
    shown = program("graph", "--edges", "e.csv").stdout
    assert ": 2 vertices, 1 edge taken as" in shown and "1 of 2 vertices holds half" in shown
