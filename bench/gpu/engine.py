"""A llama-server started with exactly the flags and the environment of `llamatelemetry plan`."""

import http.client
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gateway"))
import engine_log  # noqa: E402
import servers  # noqa: E402

# Said besides the plan's flags; none of it changes what is allocated on a card.
VERBOSE = ["--verbosity", "4"]
# Otherwise every new request first copies the caches of all idle slots to RAM, and all streams wait for that. A
# measurement of the GPU's speed does without.
NO_COPIES = ["--cache-ram", "0"]
BEGINNINGS = 4  # of prompts that share one
# A crash would otherwise first be taken apart by a debugger, where there is one.
QUICK_TO_END = {"GGML_NO_BACKTRACE": "1"}


def planned(binary: Path, model: Path, options: list[str]) -> dict:
    """The placement that `plan` chooses, with `model_bytes`. RuntimeError with its sentence when it chooses none."""
    done = subprocess.run([binary, "plan", model, "--json", *options], capture_output=True, text=True, check=False,
                          timeout=60)
    if done.returncode:
        raise RuntimeError(f"plan: {done.stderr.strip()}")
    plan = json.loads(done.stdout)
    chosen = [one for one in plan["placements"] if one["name"] == plan["chosen"]]
    if not chosen:
        raise RuntimeError(f"plan: {plan['why']}")
    return {**chosen[0], "gpus_from": plan["gpus_from"], "model_bytes": plan["weights_bytes"]}


def visible(plan: dict) -> list[int]:
    """Which card is CUDA0 to this engine, which CUDA1, ..."""
    return [int(index) for index in plan["env"].get("CUDA_VISIBLE_DEVICES", "").split(",") if index]


def start(parts, plan: dict, model: Path, folder: Path, name: str, threads: int, seconds: float,
          more: list[str] = ()) -> servers.Server:
    """Waits until it is healthy; SystemExit with the end of its log when it is not."""
    port, = servers.free_ports(1)
    command = [parts.server, "-m", model, *plan["flags"], "--host", "127.0.0.1", "--port", port, "-t", threads, *VERBOSE, *more]
    server = servers.Server(name, command, folder, {**QUICK_TO_END, **parts.environment, **plan["env"]})
    server.port = port
    try:
        return server.wait_for(f"http://127.0.0.1:{port}/health", seconds)
    except SystemExit:
        server.stop()
        raise


def why(server: servers.Server, error: Exception) -> str:
    """The server's own last word when it has ended over a request, otherwise the error."""
    try:
        server.process.wait(2)
    except subprocess.TimeoutExpired:
        return str(error) or repr(error)
    return f"it ended with {server.process.returncode}: {engine_log.complaint(server.log.read_text(errors='replace'))}"


def prompt(tokens: int, salt: int = 0) -> list[int]:
    """Token ids of plain words; another salt gives a prompt that no cache has seen. Every synthetic vocabulary has
    words from 356 on."""
    return [356 + (7 * i * i + 3 * i + 31 * salt) % 1024 for i in range(tokens)]


def request(tokens: int, output: int, salt: int = 0, shared: int = 0) -> dict:
    """Takes the likeliest token alone: llama.cpp samples on the processor, and its usual chain over a large vocabulary
    would take longer than the GPU. The first `shared` tokens are those of one of a few other prompts, as a system
    prompt's are, and may come from the cache."""
    beginning = prompt(shared, -1 - salt % BEGINNINGS)
    return {"prompt": beginning + prompt(tokens - shared, salt), "n_predict": output, "ignore_eos": True,
            "cache_prompt": shared > 0, "temperature": 0, "samplers": ["top_k"], "top_k": 1}


def ask(port: int, body: dict, seconds: float) -> dict:
    """One plain completion; RuntimeError when it is refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("POST", "/completion", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the request failed with {answer.status}: {text[:300].decode(errors='replace')}")
        return json.loads(text)
    finally:
        connection.close()
