"""`plan`: the bytes that it reckons are those that the real llama-server allocates, on the processor.

Each case starts the server with the flags of the plan. PLAN_TABLE=FILE writes the comparison as a table.
"""

import json
import os
import re
from pathlib import Path

import pytest

from cli.test_gguf import synth
from cli.test_gguf_memory import (ATTENTION, DENSE, EMBEDDING, GQA, HEAD, KV_HEADS, RMS, Empty, cohere2, deepseek2,
                                  gemma2, lfm2, mamba, qwen3next)
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


def qwen2() -> Empty:
    """Llama with biases."""
    made = Empty("qwen2", 3, **GQA, **RMS)
    made.tensor("output_norm.weight", EMBEDDING)
    for layer in range(3):
        made.layer(layer, **ATTENTION, **DENSE, ffn_norm=EMBEDDING, attn_q_bias=EMBEDDING, attn_k_bias=HEAD * KV_HEADS,
                   attn_v_bias=HEAD * KV_HEADS)
    return made


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


class Compared:
    """MiB: as planned, and as the server printed them."""

    def __init__(self, host: dict, real: dict[str, float]):
        weights, self.cache, self.compute = (host[f"{part}_bytes"] / MIB for part in ("weights", "kv", "compute"))
        self.real_cache = real["KV"] + real["RS"]
        self.real_compute = real["compute"] + real["output"]
        self.total = weights + self.cache + self.compute
        self.real_total = real["model"] + self.real_cache + self.real_compute

    def texts(self) -> list[str]:
        figures = [self.cache, self.real_cache, self.compute, self.real_compute, self.total, self.real_total]
        return [*(f"{figure:.2f}" for figure in figures), f"{100 * (self.total / self.real_total - 1):+.2f} %"]


def compare(program, path: Path, folder: Path, options: list[str]) -> Compared:
    plan = planned(program, path, *options)
    return Compared(plan["host"], allocated(folder, path, plan["flags"]))


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda value: value if isinstance(value, str) else "".join(value))
def test_bytes_are_those_of_the_server(program, llama_server, tmp_path, models, rows, name, options):
    compared = compare(program, model(program, models, name), tmp_path, options)
    rows.append((name, " ".join(options), *compared.texts()))
    # The log has two decimals for each buffer, of which a model with windows has two for its caches.
    assert compared.cache == pytest.approx(compared.real_cache, abs=0.011)
    assert compared.total == pytest.approx(compared.real_total, rel=0.02)


@pytest.mark.parametrize("make", [qwen2, gemma2, cohere2, mamba, deepseek2, lfm2, qwen3next], ids=lambda make: make.__name__)
def test_other_architectures_have_the_right_caches_and_plausible_buffers(program, llama_server, tmp_path, rows, make):
    path = make().draft.write(tmp_path / "m.gguf")
    options = ["--ctx", "2048", "--parallel", "2"]
    compared = compare(program, path, tmp_path, options)
    rows.append((f"{make.__name__} (estimate)", " ".join(options), *compared.texts()))
    assert compared.cache == pytest.approx(compared.real_cache, abs=0.021)
    assert compared.total == pytest.approx(compared.real_total, rel=0.5)


@pytest.mark.parametrize("cards", ["cpu", "15GiB", "15GiB,15GiB"])
def test_the_server_takes_the_flags_of_every_placement(program, llama_server, tmp_path, models, cards):
    path = model(program, models, "gqa")
    done = program("plan", str(path), "--preset", cards, "--ctx", "1024", "--parallel", "2", "--json")
    for placement in json.loads(done.stdout)["placements"]:
        if placement["flags"]:
            allocated(tmp_path, path, placement["flags"])
            next(tmp_path.glob("engine-*.log")).unlink()
