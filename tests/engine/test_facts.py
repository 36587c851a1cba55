"""What `status` says of a managed engine is what the engine itself reported."""

import json
import os
import subprocess

import pytest

from engine import fakes
from engine.console import engine_status, status
from support.engine import THREADS
from support.http import RawConnection, request_bytes
from support.waiting import wait_until


def start(up, llama_server, model, *engine, **options):
    return up("--model", str(model), "--llama-server", str(llama_server), engine_arguments=[*THREADS, *engine], **options)


def test_facts_of_the_engine(up, llama_server, tiny_model):
    instance = start(up, llama_server, tiny_model, "-c", "1024", "-np", "2")
    engine = engine_status(instance)
    props = instance.fetch("GET", "/props").json
    assert engine["state"] == "ready" and engine["kind"] == "llama_cpp"
    assert engine["model"] == tiny_model.stem and tiny_model.stem in engine["models"]
    assert engine["model_path"] == str(tiny_model) == props["model_path"]
    assert engine["quantization"] == props["model_ftype"]
    assert engine["architecture"] == "llama"
    assert engine["slots"] == props["total_slots"] == 2
    assert engine["context_tokens"] == props["default_generation_settings"]["n_ctx"]
    assert engine["threads"] == 1
    assert "CPU" in engine["backend"]
    assert engine["load_progress"] is None
    number, _, commit = props["build_info"].partition("-")
    assert engine["build"] == (None if number == "b0" else number)
    assert engine["commit"] == (None if commit == "unknown" else commit)
    assert "llama-server" in open(f"/proc/{engine['pid']}/cmdline").read()


@pytest.mark.parametrize("asked, reported", [("on", "on"), ("off", "off"), ("auto", "on")])
def test_flash_attention_as_the_engine_reports_it(up, llama_server, tiny_model, asked, reported):
    instance = up("--model", str(tiny_model), "--llama-server", str(llama_server), "--flash-attn", asked,
                  engine_arguments=[*THREADS, "-c", "512"])
    assert engine_status(instance)["flash_attention"] == reported


def test_flash_attention_is_unknown_when_the_engine_does_not_say(up, llama_server, tiny_model):
    instance = up("--model", str(tiny_model), "--llama-server", str(llama_server), "--flash-attn", "on",
                  engine_arguments=[*THREADS, "-c", "512"], environment={"LLAMA_ARG_LOG_VERBOSITY": "1"})
    assert engine_status(instance)["flash_attention"] is None


def test_facts_are_resource_attributes(up, llama_server, tiny_model):
    instance = start(up, llama_server, tiny_model, "-c", "512")
    instance.fetch("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "max_tokens": 2})
    rows = wait_until(lambda: instance.sql("SELECT resource_attributes FROM spans LIMIT 1"), "a span", 5, every_s=0.2)
    attributes = json.dumps(rows)
    assert "flash_attention" in attributes and tiny_model.stem in attributes


def test_busy_slots_are_counted(up, llama_server, slow_model):
    instance = start(up, llama_server, slow_model, "-c", "4096", "-np", "1")
    body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 2000, "stream": True}
    with RawConnection(instance.gateway) as connection:
        connection.send(request_bytes("POST", "/v1/chat/completions", body))
        connection.head()
        wait_until(lambda: engine_status(instance)["slots_busy"] == 1, "one busy slot", 10, every_s=0.2)
    wait_until(lambda: engine_status(instance)["slots_busy"] == 0, "no busy slot", 10, every_s=0.2)


def test_load_progress_is_shown(up, tiny_model, tmp_path):
    """While it loads: the share of the model's file that has arrived in the engine's memory."""
    fake = fakes.serving(tmp_path, f"data = open({str(tiny_model)!r}, 'rb').read()", health=503)
    instance = up("--model", str(tiny_model), "--llama-server", str(fake), wait_ready_s=None)
    run = wait_until(lambda: json.loads((instance.data / "run.json").read_text()), "run.json", 10)
    instance.console = run["console"]
    assert engine_status(instance)["state"] in ("starting", "loading")
    progress = wait_until(lambda: engine_status(instance)["load_progress"], "progress", 5)
    assert 0 < progress < 1


def test_threads_leave_a_core_free(binary, llama_server, tiny_model, up):
    """Without a word about threads, the engine gets fewer than there are CPUs (or one)."""
    instance = up("--model", str(tiny_model), "--llama-server", str(llama_server), engine_arguments=["-c", "512"])
    assert engine_status(instance)["threads"] <= max(1, len(os.sched_getaffinity(0)) - 1)


def test_gpus_are_listed_or_absent(up, llama_server, tiny_model):
    instance = start(up, llama_server, tiny_model, "-c", "512")
    gpus = status(instance)["gpus"]
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True).stdout if os.path.exists("/dev/nvidiactl") else ""
    assert len(gpus) == listed.count("GPU ")
