"""`up` starts the engine from a plan, on its own cards only, and says how plan and reality compare."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.console import engine_status, status
from engine.fakes import run_up
from support import nvml, places
from support.engine import THREADS
from support.waiting import wait_until

MIB = 1 << 20


def engine_process(instance) -> tuple[dict[str, str], list[str]]:
    """Environment and arguments of the engine, as the kernel has them."""
    pid = engine_status(instance)["pid"]
    environment = Path(f"/proc/{pid}/environ").read_text().split("\0")
    arguments = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    return dict(entry.split("=", 1) for entry in environment if "=" in entry), arguments


def value_of(arguments: list[str], flag: str) -> str | None:
    return arguments[arguments.index(flag) + 1] if flag in arguments else None


def test_split_is_chosen_and_keeps_one_card_free(serve, two_cards, tiny_model, binary):
    instance = serve(two_cards)
    environment, arguments = engine_process(instance)
    assert environment["CUDA_VISIBLE_DEVICES"] == "0" and environment["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert value_of(arguments, "--n-gpu-layers") == "999" and value_of(arguments, "--split-mode") == "none"
    placement = status(instance)["placement"]
    assert placement["name"] == "split" and placement["tensor_split"] == [1, 0] and placement["analytics_gpu"] == 1
    assert [card["role"] for card in placement["gpus"]] == ["engine", "analytics"]
    assert placement["gpus"][1]["planned_bytes"] == 0 and not placement["misplaced"]

    done = subprocess.run([binary, "plan", tiny_model, "--json", "--ctx", "1024", "--gpu", "15GiB,15GiB"],
                          capture_output=True, text=True, check=True)
    planned = next(p for p in json.loads(done.stdout)["placements"] if p["name"] == "split")["gpus"][0]
    for part in ("weights_bytes", "kv_bytes", "compute_bytes", "context_bytes"):
        assert placement["gpus"][0][part] == planned[part]


@pytest.mark.parametrize("shares", ["0.5,0.5", "0.7,0.3"])
def test_shares_spread_the_model(serve, two_cards, shares):
    instance = serve(two_cards, "--tensor-split", shares)
    environment, arguments = engine_process(instance)
    assert environment["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert value_of(arguments, "--tensor-split") == shares and value_of(arguments, "--split-mode") == "layer"
    assert status(instance)["placement"]["name"] == "dual"


def test_shares_name_the_card(serve, two_cards):
    instance = serve(two_cards, "--tensor-split", "0,1")
    assert engine_process(instance)[0]["CUDA_VISIBLE_DEVICES"] == "1"
    assert status(instance)["placement"]["analytics_gpu"] == 0


def test_card_for_analytics_is_kept_free(serve, two_cards):
    instance = serve(two_cards, "--analytics-gpu", "0")
    assert engine_process(instance)[0]["CUDA_VISIBLE_DEVICES"] == "1"
    assert [card["role"] for card in status(instance)["placement"]["gpus"]] == ["analytics", "engine"]


def test_no_analytics(serve, two_cards):
    assert status(serve(two_cards, "--analytics-gpu", "none"))["placement"]["analytics_gpu"] is None


def test_hidden_cards_are_not_used(serve, two_cards):
    instance = serve(two_cards, environment={"CUDA_VISIBLE_DEVICES": "1"})
    assert engine_process(instance)[0]["CUDA_VISIBLE_DEVICES"] == "1"
    placement = status(instance)["placement"]
    assert placement["name"] == "single" and [card["index"] for card in placement["gpus"]] == [1]


def test_single_by_request(serve, two_cards):
    placement = status(serve(two_cards, "--placement", "single"))["placement"]
    assert placement["name"] == "single" and placement["gpus"][0]["role"] == "engine and analytics"


def test_options_behind_the_dashes_are_part_of_the_plan(serve, two_cards):
    instance = serve(two_cards, engine=["-c", "2048", "-np", "2", "-ngl", "1", "-ctk", "q8_0", "--seed", "7"])
    _, arguments = engine_process(instance)
    assert value_of(arguments, "--ctx-size") == "2048" and value_of(arguments, "--parallel") == "2"
    assert value_of(arguments, "--n-gpu-layers") == "1" and value_of(arguments, "--cache-type-k") == "q8_0"
    assert "-c" not in arguments and "-np" not in arguments and value_of(arguments, "--seed") == "7"
    engine = engine_status(instance)
    assert engine["slots"] == 2 and engine["context_tokens"] == 1024
    placement = status(instance)["placement"]
    assert placement["context_tokens"] == 2048 and placement["parallel"] == 2


def test_variables_of_llama_server_are_part_of_the_plan(serve, two_cards):
    instance = serve(two_cards, engine=[], environment={"LLAMA_ARG_CTX_SIZE": "512", "LLAMA_ARG_N_PARALLEL": "1"})
    assert status(instance)["placement"]["context_tokens"] == 512
    assert engine_status(instance)["context_tokens"] == 512


@pytest.mark.parametrize("own", [["--device", "none"], ["--fit", "on"]])
def test_who_chooses_devices_gets_no_plan(serve, two_cards, own):
    instance = serve(two_cards, engine=["-c", "1024", *own])
    placement = status(instance)["placement"]
    assert placement["name"] is None and own[0] in placement["why"]
    assert "--n-gpu-layers" not in engine_process(instance)[1]


def test_a_model_that_does_not_fit_is_not_loaded(llama_server, slow_model, tmp_path, binary):
    driver = nvml.driver(tmp_path / "nvml", nvml.Card(total=1500 * MIB), nvml.Card(total=1500 * MIB))
    wrapped = nvml.with_cuda(tmp_path, llama_server)
    done = run_up(tmp_path, "--model", str(slow_model), "--llama-server", str(wrapped), "--ctx", "65536",
                  engine=[*THREADS], environment={**driver.environment()})
    assert done.returncode == 1 and "does not fit" in done.stderr and "GPU 0 lacks" in done.stderr
    assert "--ctx " in done.stderr and "-- --n-gpu-layers " in done.stderr and "starting" not in done.stderr


def test_the_context_shrinks_to_what_fits(serve, llama_server, slow_model, tmp_path, up):
    driver = nvml.driver(tmp_path / "nvml", nvml.Card(total=1400 * MIB))
    instance = up("--model", str(slow_model), "--llama-server", str(nvml.with_cuda(tmp_path, llama_server, 1)),
                  engine_arguments=THREADS, environment=driver.environment())
    placement = status(instance)["placement"]
    assert placement["name"] == "single" and 256 <= placement["context_tokens"]
    assert placement["gpus"][0]["planned_bytes"] < 1400 * MIB
    assert engine_status(instance)["context_tokens"] <= placement["context_tokens"]


@pytest.mark.parametrize("arguments, code, words", [
    (["--placement", "split"], 1, "needs two GPUs"),
    (["--placement", "single"], 1, "needs a GPU"),
    (["--tensor-split", "0.5,0.5"], 1, "there are 0 GPUs"),
    (["--analytics-gpu", "0"], 1, "there is no GPU 0"),
    (["--placement", "both"], 2, "split, dual, single, auto"),
    (["--placement", "split", "--tensor-split", "0.5,0.5"], 2, "contradict"),
    (["--tensor-split", "a,b"], 2, "no number"),
    (["--tensor-split", "0.5,0.5", "--", "-ts", "1,1"], 2, "twice"),
    (["--analytics-gpu", "first"], 2, "neither the number of a GPU nor none"),
    (["--gpu-rate", "1000"], 2, "from 0 to 100"),
])
def test_what_cannot_be(tmp_path, tiny_model, llama_server, binary, arguments, code, words):
    """Without a GPU, and without sense."""
    done = subprocess.run([places.product(), "up", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--console",
                           "127.0.0.1:0", "--model", tiny_model, "--llama-server", llama_server, *arguments],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == code and words in done.stderr, done.stderr


def test_an_engine_without_cuda_runs_on_the_cpu_and_says_so(up, llama_server, tiny_model, two_cards):
    instance = up("--model", str(tiny_model), "--llama-server", str(llama_server), engine_arguments=[*THREADS, "-c", "512"],
                  environment=two_cards.environment())
    assert "has no CUDA" in instance.log()
    assert status(instance)["placement"]["name"] == "cpu"


@pytest.fixture
def worker(binary, tmp_path):
    """The process id of a GPU worker at work for `graph`, both halted, and the `graph` that started it."""
    plugin = binary.parent / "test_rapids"
    if not plugin.is_dir():
        pytest.skip(f"{plugin} is not built (LLAMATELEMETRY_TESTS)")
    edges = tmp_path / "edges.csv"
    edges.write_text("src,dst\n" + "".join(f"{i},{i // 2}\n" for i in range(1, 500)))
    command = [binary, "graph", "--edges", edges, "--algorithm", "layout", "--iterations", "100000000", "--backend", "gpu"]
    graph = subprocess.Popen(command, env={**os.environ, "LLAMATELEMETRY_RAPIDS": str(plugin)}, stdout=subprocess.DEVNULL)
    children = Path(f"/proc/{graph.pid}/task/{graph.pid}/children")

    def at_work():
        return [int(pid) for pid in children.read_text().split() if Path(f"/proc/{pid}/comm").read_text() == "llt-analytics\n"]
    pid = wait_until(at_work, "the worker", 10)[0]
    for process in (graph.pid, pid):
        os.kill(process, signal.SIGSTOP)
    yield pid
    graph.kill()  # which ends the worker
    graph.wait()


def roles(instance, gpu: int) -> dict[int, str]:
    return {process["pid"]: process["role"] for process in status(instance)["gpus"][gpu]["processes"]}


def test_our_analytics_are_told_from_strangers(serve, two_cards, worker):
    instance = serve(two_cards)
    impostor = subprocess.Popen([sys.executable, "-c", "open('/proc/self/comm', 'w').write('llt-analytics'); input()"],
                                stdin=subprocess.PIPE)
    try:
        two_cards.processes = [(1, worker, 700 * MIB), (0, worker, 300 * MIB), (1, impostor.pid, 7 * MIB)]
        two_cards.write()
        expected = {worker: "analytics", impostor.pid: "stranger"}
        wait_until(lambda: roles(instance, 1) == expected, "the roles", 5)
        wrong = status(instance)["placement"]["misplaced"]
        assert f"process {worker} (analytics) holds 300.0 MiB of GPU 0, which is meant for engine" in wrong
        assert f"process {impostor.pid} (stranger) holds 7.0 MiB of GPU 1, which is meant for analytics" in wrong
        assert len(wrong) == 2
        # It ends, and who started it has not seen that yet: it has no program any more, and may still hold its memory.
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: Path(f"/proc/{worker}/cmdline").read_bytes() == b"", "the worker's end", 5)
        assert roles(instance, 1) == expected
        wait_until(lambda: instance.sql("SELECT 1 FROM gpu_processes WHERE role = 'analytics' AND gpu = 1"), "the store", 5,
                   every_s=0.3)
    finally:
        impostor.kill()
        impostor.wait()


def test_a_process_in_the_wrong_place_is_named(serve, two_cards, binary):
    instance = serve(two_cards)
    engine = engine_status(instance)["pid"]
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        two_cards.processes = [(0, engine, 900 * MIB), (1, engine, 300 * MIB), (0, stranger.pid, 0), (1, 2**22 + 5, 7)]
        two_cards.write()
        now = status(instance)
        wrong = now["placement"]["misplaced"]
        assert f"process {engine} (engine) holds 300.0 MiB of GPU 1, which is meant for analytics" in wrong
        assert f"process {stranger.pid} (stranger) is on GPU 0, which is meant for engine" in wrong
        assert len(wrong) == 2  # what cannot be seen from here is not judged
        assert now["placement"]["gpus"][0]["engine_bytes"] == 900 * MIB
        assert {process["role"] for process in now["gpus"][1]["processes"]} == {"engine", "unknown"}
        text = subprocess.run([binary, "status", "--data", instance.data], capture_output=True, text=True, check=True).stdout
        assert "meant for analytics" in text and "the engine holds 900.0 MiB" in text and "\033" not in text
        wait_until(lambda: instance.sql("SELECT 1 FROM gpu_processes WHERE role = 'stranger' AND memory_bytes IS NULL"),
                   "the stranger in the store", 5, every_s=0.3)
    finally:
        stranger.kill()
        stranger.wait()
