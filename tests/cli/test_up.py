"""`up` itself: addresses, the data folder, how others find it, and how it ends."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

from support import places
from support.http import scripted_chat
from support.product import Up, sql
from support.waiting import wait_until


def run_info(up) -> dict:
    return json.loads((up.data / "run.json").read_text())


def test_a_port_held_by_another_process_names_the_holder(program, tmp_path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        for flag in ("--listen", "--console"):
            done = program("up", flag, f"127.0.0.1:{port}", "--data", str(tmp_path / "data"))
            assert (done.returncode, done.stdout) == (1, "")
            assert f"port {port} of 127.0.0.1 is held by process {os.getpid()} (" in done.stderr and flag in done.stderr
    assert not (tmp_path / "data").exists(), "nothing starts when a port is taken"


def test_an_address_of_another_machine(program):
    done = program("up", "--listen", "192.0.2.1:8080", "--insecure")
    assert done.returncode == 1 and "is not an address of this machine" in done.stderr


def test_a_missing_model(program, llama_server):
    done = program("up", "--model", "/nowhere.gguf", "--llama-server", str(llama_server), "--listen", "127.0.0.1:0",
                   "--console", "127.0.0.1:0")
    assert (done.returncode, done.stdout) == (1, "") and "/nowhere.gguf" in done.stderr


def test_run_json_says_where_it_is(through):
    info = run_info(through)
    assert info["pid"] == through.pid
    assert info["gateway"] == through.gateway and info["console"] == through.console
    assert abs(info["started_unix_ns"] / 1e9 - time.time()) < 300
    assert stat.S_IMODE((through.data / "run.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(through.data.stat().st_mode) == 0o700


def test_status_of_the_running_instance(program, through):
    done = program("status", "--json", "--data", str(through.data))
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["pid"] == through.pid and document["gateway"]["url"] == through.gateway
    assert document["engine"]["state"] == "ready"
    assert document["engine"]["pid"] is None, "an attached server has no process of ours"
    assert [u["state"] for u in document["upstreams"]] == ["ready"]
    assert document["store"]["state"] == "storing"
    assert isinstance(document["losses"], list) and isinstance(document["gpus"], list)
    text = program("status", "--data", str(through.data))
    assert text.returncode == 0 and through.gateway in text.stdout


def test_a_second_instance_is_refused(program, through):
    done = program("up", "--upstream", "http://127.0.0.1:9", "--data", str(through.data), "--listen", "127.0.0.1:0",
                   "--console", "127.0.0.1:0")
    assert (done.returncode, done.stdout) == (1, "")
    assert str(through.pid) in done.stderr and "--data" in done.stderr


def chat(up, request_id: str, **script):
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}], "script": script}
    answer = up.fetch("POST", "/v1/chat/completions", body, [("X-Request-Id", request_id)])
    assert answer.status == 200


def test_looking_while_it_runs(program, through, scripted):
    chat(through, "seen")
    through.request_row("seen")
    data = ("--data", str(through.data))
    assert program("query", "SELECT 42 AS x", "--format", "csv", *data).stdout.split() == ["x", "42"]
    parquet = program("query", "SELECT 42 AS x", "--format", "parquet", *data, text=False)
    assert parquet.stdout[:4] == b"PAR1"
    error = program("query", "SELECT nothing", *data)
    assert error.returncode == 1 and "LINE 1: SELECT nothing" in error.stderr
    assert json.loads(program("report", "--json", *data).stdout)["requests"] >= 1
    tree = program("trace", "seen", *data)
    assert tree.returncode == 0 and "└─" in tree.stdout
    top = program("top", *data)
    assert top.returncode == 0 and through.gateway in top.stdout and "time to first token" in top.stdout


def test_a_large_result_streams_through_the_console(program, through):
    done = program("query", "SELECT range AS i FROM range(300000)", "--format", "csv", "--data", str(through.data))
    lines = done.stdout.split()
    assert len(lines) == 300001 and lines[-1] == "299999"


def screen_of_top(program, through, shows: bytes, rows_and_columns: tuple[int, int] | None = None) -> bytes:
    """What `top` writes to a terminal until it shows this, is told to quit, and has given the terminal back."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    if rows_and_columns:
        fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", *rows_and_columns, 0, 0))
    process = subprocess.Popen([places.product(), "top", "--data", str(through.data)], stdin=follower, stdout=follower,
                               stderr=subprocess.PIPE, env={**program.environment, "TERM": "xterm"})
    os.close(follower)
    screen = b""
    while shows not in screen:
        screen += os.read(leader, 65536)
    os.write(leader, b"q")
    # Read on so that the program can write the sequences that restore the terminal.
    while b"\x1b[?1049l" not in screen:
        screen += os.read(leader, 65536)
    assert process.wait(10) == 0
    os.close(leader)
    return screen


def test_top_on_a_terminal_ends_with_q(program, through):
    assert b"\x1b[?1049h" in screen_of_top(program, through, b"time to first token")


def test_top_has_every_figure_on_80_cells(program, through):
    body = {**scripted_chat(), "model": "a-model-with-a-very-long-name"}
    assert through.fetch("POST", "/v1/chat/completions", body, [("X-Request-Id", "narrow")]).status == 200
    through.request_row("narrow")
    screen = screen_of_top(program, through, b"ended ", (40, 80))
    header, row = screen[screen.index(b"ended "):].decode().splitlines()[:2]
    assert "decode" in header and "tokens" in header and not re.search(r"…\s*\x1b\[K", header + row)


def test_keys_are_asked_for_and_given(program, up, scripted, tmp_path):
    (tmp_path / "keys").write_text("# ours\nsecret-one\nsecret-two\n")
    instance = up("--upstream", scripted.url, "--api-key-file", "keys")
    data = ("--data", str(instance.data))
    refused = program("query", "SELECT 1", *data)
    assert refused.returncode == 1 and "--api-key-file" in refused.stderr
    assert program("query", "SELECT 1", *data, "--api-key-file", "keys").returncode == 0
    assert instance.fetch("GET", "/v1/models").status == 401
    assert instance.fetch("GET", "/v1/models", headers=[("Authorization", "Bearer secret-two")]).status == 200


@pytest.fixture
def hangup_ends():
    """SIGHUP as a program in a terminal has it, also where these tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_lets_running_requests_end(up, scripted, hangup_ends, how):
    instance = up("--upstream", scripted.url)
    slow = subprocess.Popen(["curl", "-sN", "-H", "X-Request-Id: slow", f"{instance.gateway}/v1/chat/completions", "-d",
                             json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "x"}],
                                         "script": {"prefill_ms": 1500}})], stdout=subprocess.PIPE)
    wait_until(lambda: status(instance)["upstreams"][0]["outstanding"] == 1, "the request to run", 10)
    assert instance.stop(how) == 0
    answer = slow.communicate(timeout=10)[0]
    assert b"[DONE]" in answer
    rows = sql(instance.data, "SELECT http_status, error_type FROM requests WHERE request_id = 'slow'")
    assert rows == [{"http_status": 200, "error_type": None}]
    assert not (instance.data / "run.json").exists()


def test_nohup_outlives_its_terminal(up, scripted):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which a program that we start inherits
    try:
        instance = up("--upstream", scripted.url)
    finally:
        signal.signal(signal.SIGHUP, before)
    instance.process.send_signal(signal.SIGHUP)
    assert instance.fetch("GET", "/v1/models").status == 200
    with pytest.raises(subprocess.TimeoutExpired):
        instance.process.wait(1)


def status(instance) -> dict:
    return json.loads(subprocess.run([places.product(), "status", "--json", "--data", instance.data],
                                     capture_output=True, text=True, timeout=30).stdout)


def test_a_second_signal_stops_at_once(up, scripted):
    instance = up("--upstream", scripted.url, "--drain-timeout", "5m")
    endless = subprocess.Popen(["curl", "-sN", f"{instance.gateway}/v1/chat/completions", "-d",
                                json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "x"}],
                                            "script": {"prefill_ms": 60000}})], stdout=subprocess.DEVNULL)
    wait_until(lambda: status(instance)["upstreams"][0]["outstanding"] == 1, "the request to run", 10)
    instance.process.send_signal(signal.SIGINT)
    wait_until(lambda: "running requests have" in instance.log(), "the drain to begin", 5)
    assert instance.process.poll() is None
    assert instance.stop(signal.SIGINT) == 0
    endless.kill()
    endless.wait()


def test_a_stale_run_json_is_seen_through(program, up, scripted):
    instance = up("--upstream", scripted.url)
    chat(instance, "before")
    instance.request_row("before")
    instance.kill()
    assert (instance.data / "run.json").exists()
    assert program("status", "--data", str(instance.data)).returncode == 1
    assert [r["request_id"] for r in sql(instance.data, "SELECT request_id FROM requests")] == ["before"]
    again = up("--upstream", scripted.url, data=instance.data)
    assert run_info(again)["pid"] == again.pid


def test_a_question_at_the_moment_of_the_end_is_answered(program, up, scripted):
    """Whoever asks while the instance stops gets the rows from it or from the folder, never an error."""
    instance = up("--upstream", scripted.url)
    chat(instance, "last")
    instance.request_row("last")
    command = [places.product(), "query", "SELECT request_id FROM requests", "--format", "csv", "--data", instance.data]
    instance.process.send_signal(signal.SIGTERM)
    answers = []
    while instance.process.poll() is None or len(answers) < 3:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        answers.append((done.returncode, done.stdout.split(), done.stderr))
    assert set(map(str, answers)) == {str((0, ["request_id", "last"], ""))}
