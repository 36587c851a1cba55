"""Faults of a real llama-server that `up` manages."""

import json
import os
import signal
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

from faults.expect import error_event_at_end, openai_error
from support import places
from support.engine import THREADS
from support.http import Closed, RawConnection, fetch, request_bytes
from support.waiting import wait_until

LONG = {"messages": [{"role": "user", "content": "What is the time?"}], "temperature": 0, "max_tokens": 2000,
        "stream": True}
SHORT = {**LONG, "max_tokens": 3}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def engine_pid(up) -> int:
    """The llama-server among our children."""
    for pid in up.descendants():
        if "llama-server" in Path(f"/proc/{pid}/cmdline").read_text():
            return pid
    raise AssertionError("no llama-server among the processes of up")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def managed(up, llama_server, model, *engine, **options):
    return up("--model", str(model), "--llama-server", str(llama_server),
              engine_arguments=[*THREADS, "-c", "4096", *engine], **options)


def serves_again(instance) -> bool:
    return instance.fetch("POST", "/v1/chat/completions", SHORT).status == 200


def test_engine_dies_in_mid_stream_and_comes_back(up, llama_server, slow_model):
    instance = managed(up, llama_server, slow_model, "-np", "1")
    first_engine = engine_pid(instance)
    with RawConnection(instance.gateway) as connection:
        connection.send(request_bytes("POST", "/v1/chat/completions", LONG, [("X-Request-Id", "mid-stream")]))
        response = connection.head()
        connection.stream_until(response, b'"content":"')
        os.kill(first_engine, signal.SIGKILL)
        killed = time.monotonic()
        connection.rest_of_stream(response)
        assert time.monotonic() - killed < 5
    last = response.events[-1]
    assert json.loads(last.split(b"data: ", 1)[1])["error"]["message"]
    row = instance.request_row("mid-stream")
    assert row["error_type"] and row["content_chunks"] >= 1
    wait_until(lambda: serves_again(instance), "service after the engine's crash", 20, every_s=0.2)
    assert engine_pid(instance) != first_engine
    kinds = wait_until(lambda: {row["kind"] for row in instance.sql("SELECT kind FROM events")
                                if "engine" in row["kind"]}, "engine events in the store", 5)
    assert any("crash" in kind or "exit" in kind for kind in kinds), kinds
    assert any("restart" in kind or "ready" in kind for kind in kinds), kinds


def test_engine_dies_before_the_first_byte(up, llama_server, slow_model):
    """Killed while it reads a long prompt: 502 for a plain request, and a restart."""
    instance = managed(up, llama_server, slow_model, "-np", "1")
    answers: list = []
    body = {"messages": [{"role": "user", "content": "word " * 3000}], "max_tokens": 5}
    asking = threading.Thread(target=lambda: answers.append(
        instance.fetch("POST", "/v1/chat/completions", body, [("X-Request-Id", "first-byte")])))
    asking.start()
    wait_until(lambda: any(s["is_processing"] for s in instance.fetch("GET", "/slots").json), "a slot at work", 5)
    os.kill(engine_pid(instance), signal.SIGKILL)
    asking.join(10)
    openai_error(answers[0], 502, 503)
    assert instance.request_row("first-byte")["error_type"]
    wait_until(lambda: serves_again(instance), "service after the engine's crash", 20, every_s=0.2)


def start_and_expect_failure(folder: Path, *arguments: str, engine: list[str] = (), timeout_s: float = 20) -> str:
    """`up` must end with exit code 1 and a message; returns standard error."""
    command = [places.product(), "up", "--data", str(folder / "data"), "--listen", "127.0.0.1:0",
               "--console", "127.0.0.1:0", *arguments]
    if engine:
        command += ["--", *engine]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, cwd=folder)
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert "ready" not in done.stdout
    return done.stderr


def test_engine_dies_at_load_of_a_broken_model(binary, llama_server, tiny_model, tmp_path):
    """A model cut in half: a clear message within seconds, with the engine's own words."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_model.read_bytes()[:200_000])
    log = start_and_expect_failure(tmp_path, "--model", str(broken), "--llama-server", str(llama_server),
                                   engine=[*THREADS])
    assert "broken.gguf" in log


def test_model_that_is_not_there(binary, llama_server, tmp_path):
    log = start_and_expect_failure(tmp_path, "--model", str(tmp_path / "absent.gguf"), "--llama-server",
                                   str(llama_server), timeout_s=5)
    assert "absent.gguf" in log


def test_engine_binary_that_dies_of_an_illegal_instruction(binary, tiny_model, tmp_path):
    fake = tmp_path / "llama-server"
    fake.write_text("#!/bin/sh\nkill -ILL $$\n")
    fake.chmod(0o755)
    log = start_and_expect_failure(tmp_path, "--model", str(tiny_model), "--llama-server", str(fake))
    assert "SIGILL" in log or "llegal instruction" in log


def test_503_while_the_model_loads(up, llama_server, tiny_model, tmp_path):
    """Requests that come too early get 503 with Retry-After, and service begins by itself."""
    late = tmp_path / "llama-server"
    late.write_text(f'#!/bin/sh\nsleep 2\nexec "{llama_server}" "$@"\n')
    late.chmod(late.stat().st_mode | stat.S_IXUSR)
    port = free_port()
    instance = up("--listen", f"127.0.0.1:{port}", "--model", str(tiny_model), "--llama-server", str(late),
                  engine_arguments=[*THREADS, "-c", "2048"], wait_ready_s=None)
    url = f"http://127.0.0.1:{port}"
    early = wait_until(lambda: fetch(url, "POST", "/v1/chat/completions", SHORT), "an open port", 5)
    openai_error(early, 503)
    assert int(early.header("retry-after")) >= 1
    instance.wait_ready(20)
    assert serves_again(instance)


def test_a_stranger_on_the_listening_port(binary, llama_server, tiny_model, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        done = subprocess.run([places.product(), "up", "--data", str(tmp_path / "data"), "--listen",
                               f"127.0.0.1:{port}", "--console", "127.0.0.1:0", "--model", str(tiny_model),
                               "--llama-server", str(llama_server)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and str(port) in done.stderr


def test_waiting_client_that_leaves_is_never_served(up, llama_server, slow_model):
    """One slot, taken; a second client waits and leaves: the engine never starts on it."""
    instance = managed(up, llama_server, slow_model, "-np", "1")
    with RawConnection(instance.gateway) as first:
        first.send(request_bytes("POST", "/v1/chat/completions", LONG, [("X-Request-Id", "holder")]))
        response = first.head()
        first.stream_until(response, b'"content":"')
        second = RawConnection(instance.gateway)
        second.send(request_bytes("POST", "/v1/chat/completions", LONG, [("X-Request-Id", "waiter")]))
        time.sleep(0.3)
        second.close()
        row = instance.request_row("waiter")
        assert row["http_status"] == 499 and row["ttft_ns"] is None
        response.body.clear()
        first.stream_until(response, b'"content":"')  # the first one goes on
    wait_until(lambda: not any(s["is_processing"] for s in instance.fetch("GET", "/slots").json), "all slots free", 3)


def test_clients_gone_in_prefill_free_the_slot(up, llama_server, slow_model):
    instance = managed(up, llama_server, slow_model, "-np", "1", "-b", "64", "-ub", "64")
    body = {"messages": [{"role": "user", "content": "word " * 3000}], "max_tokens": 500, "stream": True}
    with RawConnection(instance.gateway) as connection:
        connection.send(request_bytes("POST", "/v1/chat/completions", body, [("X-Request-Id", "prefill-gone")]))
        wait_until(lambda: any(s["is_processing"] for s in instance.fetch("GET", "/slots").json), "a slot at work", 5)
    began = time.monotonic()
    wait_until(lambda: not any(s["is_processing"] for s in instance.fetch("GET", "/slots").json), "all slots free", 3)
    assert time.monotonic() - began < 3
    assert instance.request_row("prefill-gone")["ttft_ns"] is None


def test_ctrl_c_lets_a_running_answer_finish(up, llama_server, slow_model):
    instance = managed(up, llama_server, slow_model, "-np", "1")
    with RawConnection(instance.gateway) as connection:
        connection.send(request_bytes("POST", "/v1/chat/completions", {**LONG, "max_tokens": 40}))
        response = connection.head()
        connection.stream_until(response, b'"content":"')
        instance.process.send_signal(signal.SIGINT)
        connection.rest_of_stream(response)
        assert response.body.endswith(b"data: [DONE]\n\n") and b'"error"' not in response.body
    assert instance.stop() == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_the_end_leaves_nothing(up, llama_server, tiny_model, how):
    """No process, no port, no socket file; and the requests served are all in the store."""
    instance = managed(up, llama_server, tiny_model)
    for number in range(5):
        instance.fetch("POST", "/v1/chat/completions", SHORT, [("X-Request-Id", f"end-{number}")])
    engine = engine_pid(instance)
    assert instance.stop(how) == 0
    assert not alive(engine)
    rows = instance.sql("SELECT count(*) AS n FROM requests WHERE request_id LIKE 'end-%'")
    assert rows[0]["n"] == 5
