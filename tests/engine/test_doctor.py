"""`doctor` finds what was put wrong on purpose, and says what to do."""

import json
import os
import re
import subprocess

from engine import fakes
from support import places
from support.engine import THREADS
from support.waiting import wait_until


def doctor(data, *arguments, environment=None) -> tuple[int, dict]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "LLAMATELEMETRY_"))}
    done = subprocess.run([places.product(), "doctor", "--json", "--data", str(data), *arguments], capture_output=True,
                          text=True, timeout=30, env={**clean, **(environment or {})})
    document = json.loads(done.stdout)
    assert set(document) == {"findings", "worst"}
    for finding in document["findings"]:
        assert set(finding) == {"topic", "severity", "what", "why", "action", "evidence"}
        assert finding["severity"] == "ok" or (finding["why"] and finding["action"]), finding
    return done.returncode, {finding["topic"]: finding for finding in document["findings"]}


def test_healthy_machine(binary, llama_server, tiny_model, tmp_path):
    code, findings = doctor(tmp_path, "--llama-server", str(llama_server), "--model", str(tiny_model))
    assert findings["engine"]["severity"] == "ok"
    assert findings["memory"]["severity"] == "ok"
    assert findings["duckdb"]["severity"] == "ok" and findings["duckdb"]["evidence"].startswith("v1.4")
    assert findings["flash_attention"]["severity"] == "note"
    assert {"threads", "gpu", "cpu", "probe", "disk", "clock_source", "clock_steps", "open_files", "swap", "governor",
            "stolen_time", "instance", "gpu_analytics"} <= set(findings)
    assert code == (1 if any(finding["severity"] == "problem" for finding in findings.values()) else 0)


def test_engine_that_cannot_run(binary, tiny_model, tmp_path):
    code, findings = doctor(tmp_path, "--llama-server", str(fakes.shell(tmp_path, "kill -ILL $$")), "--model", str(tiny_model))
    assert code == 1
    assert findings["engine"]["severity"] == "problem" and "SIGILL" in findings["engine"]["what"]


def test_model_that_is_broken(binary, llama_server, tmp_path):
    (tmp_path / "m.gguf").write_text("not a model")
    code, findings = doctor(tmp_path, "--llama-server", str(llama_server), "--model", str(tmp_path / "m.gguf"))
    assert code == 1 and findings["memory"]["severity"] == "problem"


def test_few_open_files(binary, llama_server, tmp_path):
    command = f'ulimit -n 256; exec "{places.product()}" doctor --json --data "{tmp_path}" --llama-server "{llama_server}"'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30)
    findings = {finding["topic"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert findings["open_files"]["severity"] == "warning" and "256" in findings["open_files"]["evidence"]


def test_running_instance_is_looked_at(up, llama_server, tiny_model):
    """Too many threads, and FlashAttention off: both seen in the running engine."""
    cpus = len(os.sched_getaffinity(0))
    instance = up("--model", str(tiny_model), "--llama-server", str(llama_server), "--flash-attn", "off",
                  engine_arguments=["-t", str(cpus + 1), "-tb", "1", "-c", "512"])
    code, findings = doctor(instance.data)
    assert findings["flash_attention"]["severity"] == "warning"
    assert findings["threads"]["severity"] == "problem" and code == 1
    assert findings["instance"]["severity"] == "ok" and "ready" in findings["instance"]["what"]


def test_flash_attention_on_is_fine(up, llama_server, tiny_model):
    instance = up("--model", str(tiny_model), "--llama-server", str(llama_server), engine_arguments=[*THREADS, "-c", "512"])
    assert doctor(instance.data)[1]["flash_attention"]["severity"] == "ok"


def test_an_instance_that_asks_for_a_key(up, scripted, tmp_path):
    (tmp_path / "keys").write_text("sesame\n")
    keys = ("--api-key-file", str(tmp_path / "keys"))
    instance = up("--upstream", scripted.url, *keys)
    unheard = doctor(instance.data)[1]["instance"]
    assert unheard["severity"] == "warning" and "API key" in unheard["what"] and "--api-key-file" in unheard["action"]
    assert doctor(instance.data, *keys)[1]["instance"]["severity"] == "ok"


def test_what_clients_said_badly_is_not_lost_telemetry(up, scripted):
    instance = up("--upstream", scripted.url)
    instance.fetch("GET", "/v1/models", headers=[("traceparent", "nonsense")])
    finding = wait_until(lambda: doctor(instance.data)[1].get("losses"), "the counter in the status", 10)
    assert finding["severity"] == "note" and "1 traceparent_invalid" in finding["evidence"]


def test_text_for_people(binary, llama_server, tmp_path):
    done = subprocess.run([places.product(), "doctor", "--data", str(tmp_path), "--llama-server", str(llama_server)],
                          capture_output=True, text=True, timeout=30)
    last = done.stdout.splitlines()[-1]
    assert "fine" in last and "\033" not in done.stdout
    assert not re.search(r"\b1 \w+s,", last) and not re.search(r"\b(0|[2-9]) (problem|warning|note),", last), last
