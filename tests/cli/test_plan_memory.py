"""`plan`: the bytes that it reckons are those that the real llama-server allocates, on the processor.

Each case starts the server with the flags of the plan. PLAN_TABLE=FILE writes the comparison as a table.
"""

import json
import os
import re
from pathlib import Path

import pytest

from cli.test_gguf import synth
from support.engine import DirectEngine

MIB = 2**20
# Weights as they are in the file: neither mapped (the buffer would then be the span of the file) nor repacked.
PLAIN = ["--load-mode", "none", "--no-repack", "--no-warmup", "--verbosity", "4"]
BUFFER = re.compile(r"(model|KV|RS|compute|output) +buffer size = +([0-9.]+) MiB")

SHAPES = {
    "gqa": [],
    "dense": ["--kv-heads", "4"],
    "heads of 128": ["--embd", "512", "--kv-heads", "1", "--layers", "3"],
    "f16": ["--type", "f16"],
    "q8_0": ["--type", "q8_0", "--ff", "768"],
    "8 experts": ["--experts", "8", "--experts-used", "2"],
    "16 experts": ["--experts", "16", "--experts-used", "4", "--ff", "256"],
    "window 64": ["--window", "64", "--layers", "6"],
    "window 1024": ["--window", "1024", "--layers", "7", "--heads", "2"],
    "vocabulary": ["--vocab", "32000"],
    "wide": ["--embd", "512", "--heads", "8", "--ff", "2048", "--layers", "3", "--vocab", "2048"],
    "layers": ["--layers", "12"],
}
CASES = [
    ("gqa", ["--ctx", "2048", "--parallel", "1"]),
    ("gqa", ["--ctx", "4096"]),
    ("gqa", ["--ctx", "300", "--parallel", "1"]),
    ("gqa", ["--ctx", "5000", "--parallel", "3"]),
    ("gqa", ["--ctx", "2048", "--parallel", "1", "--kv-type", "f32"]),
    ("dense", ["--ctx", "4096", "--parallel", "4", "--flash-attn", "off"]),
    ("dense", ["--ctx", "2048", "--parallel", "1", "--ubatch", "128"]),
    ("dense", ["--ctx", "8192", "--parallel", "8", "--kv-type", "q8_0"]),
    ("heads of 128", ["--ctx", "4096", "--parallel", "2", "--kv-type", "q4_0,q8_0"]),
    ("heads of 128", ["--ctx", "4096", "--parallel", "1", "--kv-type", "q5_1,f16", "--flash-attn", "off"]),
    ("f16", ["--ctx", "2048", "--parallel", "1", "--kv-type", "bf16"]),
    ("q8_0", ["--ctx", "2048", "--parallel", "2"]),
    ("8 experts", ["--ctx", "4096", "--parallel", "4"]),
    ("8 experts", ["--ctx", "4096", "--flash-attn", "off"]),
    ("16 experts", ["--ctx", "4096", "--parallel", "1"]),
    ("window 64", ["--ctx", "2048", "--parallel", "1"]),
    ("window 64", ["--ctx", "4096", "--parallel", "3"]),
    ("window 64", ["--ctx", "2048", "--parallel", "1", "--kv-type", "q8_0"]),
    ("window 1024", ["--ctx", "8192"]),
    ("window 1024", ["--ctx", "8192", "--parallel", "1", "--flash-attn", "off"]),
    ("vocabulary", ["--ctx", "2048", "--parallel", "16"]),
    ("wide", ["--ctx", "4096", "--parallel", "4", "--flash-attn", "off"]),
    ("wide", ["--ctx", "8192", "--parallel", "1", "--batch", "256"]),
    ("layers", ["--ctx", "2048", "--parallel", "1", "--flash-attn", "off"]),
]


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def rows():
    """Collects the comparison, and writes it where PLAN_TABLE says."""
    collected: list[tuple] = []
    yield collected
    if path := os.environ.get("PLAN_TABLE"):
        head = ["model", "options", "KV planned", "KV real", "compute planned", "compute real", "all planned", "all real",
                "off by"]
        lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * 2 + ["---:"] * 7, *collected]]
        Path(path).write_text("\n".join(lines) + "\n")


def model(program, folder: Path, name: str) -> Path:
    path = folder / f"{name.replace(' ', '-')}.gguf"
    return path if path.exists() else synth(program, path, *SHAPES[name])


def planned(program, path: Path, *options: str) -> dict:
    done = program("plan", str(path), "--preset", "cpu", "--json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)["placements"][3]


def allocated(folder: Path, path: Path, flags: list[str]) -> dict[str, float]:
    """MiB by kind of buffer, as the server printed them while it loaded."""
    engine = DirectEngine(folder, path, [*flags, *PLAIN])
    log = next(folder.glob("engine-*.log")).read_text(errors="replace")
    engine.stop()
    sums = dict.fromkeys(["model", "KV", "RS", "compute", "output"], 0.0)
    for kind, size in BUFFER.findall(log):
        sums[kind] += float(size)
    assert sums["model"] > 0 and sums["compute"] > 0, log[-3000:]
    return sums


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda value: value if isinstance(value, str) else "".join(value))
def test_bytes_are_those_of_the_server(program, llama_server, tmp_path, models, rows, name, options):
    path = model(program, models, name)
    plan = planned(program, path, *options)
    real = allocated(tmp_path, path, plan["flags"])
    weights, cache, compute = (plan["host"][f"{part}_bytes"] / MIB for part in ("weights", "kv", "compute"))
    buffers = real["compute"] + real["output"]
    total, real_total = weights + cache + compute, real["model"] + real["KV"] + buffers
    rows.append((name, " ".join(options), f"{cache:.2f}", f"{real['KV']:.2f}", f"{compute:.2f}", f"{buffers:.2f}",
                 f"{total:.2f}", f"{real_total:.2f}", f"{100 * (total / real_total - 1):+.2f} %"))
    # The log has two decimals for each buffer, of which a model with windows has two for its caches.
    assert cache == pytest.approx(real["KV"], abs=0.011)
    assert total == pytest.approx(real_total, rel=0.02)


@pytest.mark.parametrize("cards", ["cpu", "15GiB", "15GiB,15GiB"])
def test_the_server_takes_the_flags_of_every_placement(program, llama_server, tmp_path, models, cards):
    path = model(program, models, "gqa")
    done = program("plan", str(path), "--preset", cards, "--ctx", "1024", "--parallel", "2", "--json")
    for placement in json.loads(done.stdout)["placements"]:
        if placement["flags"]:
            allocated(tmp_path, path, placement["flags"])
            next(tmp_path.glob("engine-*.log")).unlink()
