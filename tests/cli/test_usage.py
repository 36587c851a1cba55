"""What can be typed wrongly: exit code 2, one sentence, nothing on stdout."""

import pytest

COMMANDS = ["up", "status", "report", "top", "query", "trace", "doctor", "gguf", "plan", "synth"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(program, command):
    done = program(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Examples:\n  llamatelemetry {command}" in done.stdout


def test_help_lists_every_command(program):
    listed = program("--help").stdout
    assert all(f"\n  {command} " in listed for command in COMMANDS)


def test_version(program):
    done = program("--version")
    assert done.returncode == 0 and done.stdout.startswith("llamatelemetry 0.")


BAD = [
    ([], "command is required"),
    (["frobnicate"], "no command 'frobnicate'"),
    (["up", "--frobnicate"], "--frobnicate"),
    (["up", "extra"], "extra"),
    (["up", "--ctx"], "--ctx"),
    (["up", "--ctx", "many"], "--ctx: 'many'"),
    (["up", "--ctx", "0"], "--ctx: '0'"),
    (["up", "--ctx", "1", "--ctx", "2"], "--ctx"),
    (["up", "--parallel", "99999999999"], "--parallel"),
    (["up", "--parallel", "257"], "'257' is not a number from 1 to 256"),
    (["up", "--ctx", "2000000000"], "--ctx"),
    (["up", "--flash-attn", "maybe"], "on, off, auto"),
    (["up", "--store", "sqlite"], "'sqlite'"),
    (["up", "--kernels", "node"], "does not record GPU kernels"),
    (["up", "--kernels", "all"], "off, graph, node"),
    (["graph", "kernels"], "does not record GPU kernels"),
    (["up", "--store-max", "10G"], "MiB"),
    (["up", "--store-max", "18446744073709551616"], "--store-max"),
    (["up", "--retention", "7"], "add a unit"),
    (["up", "--drain-timeout", "-1s"], "--drain-timeout"),
    (["up", "--upstream-timeout", "soon"], "--upstream-timeout"),
    (["up", "--upstream-timeout", "0s"], "--upstream-timeout"),
    (["up", "--listen", "127.0.0.1:70000"], "'70000' is not a port"),
    (["up", "--listen", "localhost"], "ADDR:PORT"),
    (["up", "--listen", "127.0.0.1:9000", "--console", "127.0.0.1:9000"], "both"),
    (["up", "--listen", "0.0.0.0:9000"], "no API key"),
    (["up", "--console", ":9000"], "no API key"),
    (["up", "--api-key-file", "/nowhere"], "/nowhere"),
    (["up", "--upstream", "ftp://x"], "ftp://x"),
    (["up", "--upstream", "https://x"], "TLS"),
    (["up", "--upstream", "http://x", "--upstream", "http://x/"], "twice"),
    (["up", "--upstream", "http://x", "--model", "m.gguf"], "cannot go together"),
    (["up", "--upstream", "http://x", "--", "--mlock"], "cannot go together"),
    (["up", "--", "--host", "0.0.0.0"], "--host cannot be passed on"),
    (["up", "--", "--port", "1"], "--port cannot be passed on"),
    (["up", "--", "-m", "x.gguf"], "-m cannot be passed on"),
    (["up", "--", "--api-key", "x"], "--api-key-file"),
    (["up", "--ctx", "512", "--", "-c", "512"], "twice"),
    (["report", "--since", "yesterday"], "'yesterday' is not a time"),
    (["report", "--json", "--html", "x.html"], "--html"),
    (["top", "--window", "0"], "--window"),
    (["query"], "sql"),
    (["query", "SELECT 1", "--format", "xml"], "xml"),
    (["trace"], "id"),
    (["trace", ""], "empty"),
    (["gguf"], "file"),
    (["synth"], "file"),
    (["plan"], "file"),
]


@pytest.mark.parametrize("arguments, says", BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_bad_usage(program, arguments, says):
    done = program(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("llamatelemetry: ") and says in done.stderr


def test_an_empty_key_file_is_refused(program, tmp_path):
    (tmp_path / "keys").write_text("# none yet\n\n")
    done = program("up", "--api-key-file", "keys")
    assert done.returncode == 2 and "holds no key" in done.stderr


def test_binary_results_are_not_for_a_terminal(program, store):
    import pty
    import subprocess
    from support import places

    leader, follower = pty.openpty()
    done = subprocess.run([places.product(), "query", "SELECT 1", "--format", "parquet", "--data", str(store)],
                          stdout=follower, stderr=subprocess.PIPE, text=True, timeout=30, env=program.environment)
    assert done.returncode == 2 and "-o FILE" in done.stderr


def test_status_when_nothing_runs(program, store):
    import json

    text = program("status", "--data", str(store))
    assert (text.returncode, text.stdout) == (1, "") and "nothing runs" in text.stderr
    done = program("status", "--json", "--data", str(store))
    document = json.loads(done.stdout)
    assert done.returncode == 1 and document["engine"]["state"] == "stopped"
    assert {"name": "sse_event_torn", "severity": "warning", "count": 3, "run_count": 3} in document["losses"]
    assert {"engine", "placement", "gpus", "losses", "queue", "upstreams", "store", "version"} <= set(document)


def test_top_when_nothing_runs(program, store):
    done = program("top", "--data", str(store))
    assert (done.returncode, done.stdout) == (1, "") and "nothing runs" in done.stderr
