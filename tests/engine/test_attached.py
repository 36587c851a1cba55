"""`--upstream`: servers that somebody else runs."""

import http.server
import json
import threading
import time

import pytest

from engine.console import engine_status
from support.engine import DirectEngine
from support.waiting import wait_until

CHAT = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 2}


class Foreign:
    """A server that answers GET as it is told to; it proves only what is asked of it and how it is understood."""

    def __init__(self, answers: dict[str, object], port: int = 0):
        outer = self
        self.answers = answers
        self.asked: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                answer = outer.answers.get(self.path)
                body = b"{}" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(404 if answer is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def models(owner: str, *names: str) -> dict:
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner} for name in names]}


KINDS = {
    "vllm": {"/health": b"", "/version": {"version": "0.11.0"}, "/v1/models": models("vllm", "meta/llama"),
             "/metrics": b'vllm:num_requests_running{engine="0"} 3.0\nvllm:num_requests_waiting{engine="0"} 2.0\n'},
    "sglang": {"/health": b"", "/get_server_info": {"model_path": "q", "version": "0.5.3"},
               "/v1/models": models("sglang", "qwen/q"),
               "/metrics": b'sglang:num_running_reqs{model_name="q"} 3\nsglang:num_queue_reqs{model_name="q"} 2\n'},
    "openai": {"/v1/models": models("somebody", "gpt-x", "gpt-y")},
}


@pytest.mark.parametrize("kind", KINDS)
def test_kind_and_models_are_found_out(up, kind):
    foreign = Foreign(KINDS[kind])
    try:
        instance = up("--upstream", foreign.url)
        engine = engine_status(instance)
        expected = [model["id"] for model in KINDS[kind]["/v1/models"]["data"]]
        assert engine["kind"] == kind and engine["state"] == "ready"
        assert engine["models"] == expected and engine["model"] == expected[0]
        assert engine["pid"] is None and engine["flash_attention"] is None
        if kind != "openai":
            assert engine["build"] in ("0.11.0", "0.5.3")
            wait_until(lambda: engine_status(instance)["slots_busy"] == 3, "a sample", 10, every_s=0.3)
            assert engine_status(instance)["requests_deferred"] == 2
    finally:
        foreign.stop()


def test_base_url_that_ends_in_v1(up):
    foreign = Foreign({"/v1/models": models("x", "m")})
    try:
        assert engine_status(up("--upstream", foreign.url + "/v1"))["models"] == ["m"]
    finally:
        foreign.stop()


def test_llama_server_of_somebody_else(up, llama_server, tiny_model, tmp_path):
    engine = DirectEngine(tmp_path, tiny_model, ["-c", "512", "-np", "2", "--metrics"])
    try:
        instance = up("--upstream", engine.url)
        status = engine_status(instance)
        assert status["kind"] == "llama_cpp" and status["slots"] == 2 and status["model_path"] == str(tiny_model)
        wait_until(lambda: engine_status(instance)["slots_busy"] == 0, "a sample", 10, every_s=0.3)
        pid = engine.process.pid
        instance.stop()
        assert engine.process.poll() is None and pid == engine.process.pid, "it is not ours to end"
    finally:
        engine.stop()


def test_failed_health_takes_it_out_and_recovery_puts_it_back(up):
    foreign = Foreign(KINDS["vllm"])
    instance = up("--upstream", foreign.url)
    foreign.stop()
    try:
        wait_until(lambda: engine_status(instance)["state"] == "down", "down", 10, every_s=0.1)
        assert instance.fetch("POST", "/v1/chat/completions", CHAT).status == 503
        foreign = Foreign(KINDS["vllm"], foreign.port)
        wait_until(lambda: engine_status(instance)["state"] == "ready", "ready again", 10, every_s=0.1)
        kinds = wait_until(lambda: (found := [r["kind"] for r in instance.sql("SELECT kind FROM events ORDER BY unix_ns")])
                           and len(found) >= 3 and found, "events", 5, every_s=0.2)
        assert kinds == ["engine.up", "engine.down", "engine.up"]
    finally:
        foreign.stop()


def test_server_that_comes_later(up):
    first = Foreign(KINDS["openai"])
    first.stop()
    instance = up("--upstream", first.url, wait_ready_s=None)
    time.sleep(1)
    late = Foreign(KINDS["openai"], first.port)
    try:
        instance.wait_ready(10)
        assert engine_status(instance)["kind"] == "openai"
    finally:
        late.stop()


def test_probes_are_few(up):
    foreign = Foreign(KINDS["vllm"])
    try:
        up("--upstream", foreign.url)
        foreign.asked.clear()
        time.sleep(6)  # a rate is measured: health once a second, the rest once in five
        assert len(foreign.asked) <= 20, foreign.asked
    finally:
        foreign.stop()
