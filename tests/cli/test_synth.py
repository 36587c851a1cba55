"""`synth`: the real llama-server loads and serves what it writes, and nothing half-written stays."""

import hashlib
import os
import re
import signal
import subprocess
import time

import pytest

from cli.test_gguf import SMALL, TYPES, described, flags, synth
from support import places
from support.engine import DirectEngine
from support.llama_source import gguf_py
from support.small_disk import small_disk_in
from support.waiting import wait_until


def cache_mebibytes(tmp_path, path):
    """Serves one chat; gives the sizes of the KV caches that the server made for 2048 tokens."""
    engine = DirectEngine(tmp_path, path, ["-c", "2048", "-np", "1", "--verbosity", "4"])
    try:
        body = {"messages": [{"role": "user", "content": "Wie geht's, 世界?"}], "max_tokens": 8, "temperature": 0}
        answer = engine.fetch("POST", "/v1/chat/completions", body)
        assert answer.status == 200, answer.body
        document = answer.json
        assert document["usage"]["completion_tokens"] == 8 and document["choices"][0]["message"]["content"]
        log = next(tmp_path.glob("engine-*.log")).read_text(errors="replace")
    finally:
        engine.stop()
    return [float(size) for size in re.findall(r"KV buffer size = +([0-9.]+) MiB", log)]


@pytest.mark.parametrize("arguments", [["--type", kind] for kind in TYPES]
                         + [["--experts", "4", "--type", kind] for kind in ("q4_0", "f16")], ids=" ".join)
def test_the_real_server_serves_it(program, llama_server, tmp_path, arguments):
    path = synth(program, tmp_path / "m.gguf", *arguments)
    cache = described(program, path)["kv_bytes_per_token"] * 2048 / 2**20
    assert cache_mebibytes(tmp_path, path) == [pytest.approx(cache, abs=0.01)]


def test_the_real_server_serves_sliding_windows(program, llama_server, tmp_path):
    path = synth(program, tmp_path / "m.gguf", "--window", "64", "--layers", "12")
    document = described(program, path)
    assert document["architecture"] == "gemma3" and document["memory"]["sliding_window"] == 64
    assert document["memory"]["windowed_blocks"] == 10
    whole, windowed = cache_mebibytes(tmp_path, path)
    beyond = document["memory"]["kv_bytes_per_token_beyond_window"]
    assert whole == pytest.approx(beyond * 2048 / 2**20, abs=0.01)
    # The server keeps the window and a batch: 64 + 512 tokens, rounded up to 256.
    assert windowed == pytest.approx((document["kv_bytes_per_token"] - beyond) * 768 / 2**20, abs=0.01)


@pytest.mark.parametrize("kind", TYPES)
def test_weights_have_the_deviation_that_keeps_sums_in_range(program, tmp_path, kind):
    gguf = gguf_py()
    reader = gguf.GGUFReader(synth(program, tmp_path / "m.gguf", "--type", kind))
    tensor = next(t for t in reader.tensors if t.name == "blk.0.ffn_up.weight")
    values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    wide = 0.5 if kind == "mxfp4" else 0.01  # whose scale is a power of two
    assert values.std() * 16 == pytest.approx(1, rel=wide)
    assert abs(values.mean()) * 16 < 0.25
    output = next(t for t in reader.tensors if t.name == "output.weight")
    rows = gguf.quants.dequantize(output.data, output.tensor_type)
    assert not rows[:261].any() and rows[261].any()


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_seed_gives_the_same_file(program, tmp_path):
    first = digest(synth(program, tmp_path / "a.gguf", "--seed", "7"))
    assert digest(synth(program, tmp_path / "b.gguf", "--seed", "7")) == first
    assert digest(synth(program, tmp_path / "c.gguf", "--seed", "8")) != first


def test_the_result_is_one_line(program, tmp_path):
    done = program("synth", "m.gguf", *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"m\.gguf: [0-9.]+ KiB, 1,443,072 parameters, q4_0, written in .*\n", done.stdout)


def test_progress_on_a_terminal(program, tmp_path):
    import pty

    leader, follower = pty.openpty()
    done = subprocess.run([places.product(), "synth", "m.gguf", "--layers", "16", "--type", "f32"], stderr=follower,
                          stdout=subprocess.PIPE, cwd=tmp_path, timeout=30, env=program.environment)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    assert done.returncode == 0 and re.search(r"m\.gguf: [0-9.]+ MiB of [0-9.]+ MiB \([0-9]+ %\)", shown)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way_leaves_nothing(program, tmp_path, number):
    process = subprocess.Popen([places.product(), "synth", "m.gguf", "--layers", "64", "--embd", "2048", "--ff", "8192",
                                "--heads", "32", "--type", "f32"], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
                               stdout=subprocess.PIPE, env=program.environment)
    wait_until(lambda: list(tmp_path.glob("*.part")), "writing has begun", 10)
    time.sleep(0.2)
    process.send_signal(number)
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "") and "stopped before" in errors
    assert not list(tmp_path.glob("m.gguf*"))


@pytest.fixture
def small_disk(tmp_path):
    with small_disk_in(tmp_path, 8) as folder:
        yield folder


def test_a_full_disk_is_noticed_and_left_clean(program, small_disk):
    (small_disk / "m.gguf").write_bytes(b"the old one")
    done = program("synth", str(small_disk / "m.gguf"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "bytes, and 8" in done.stderr or "No space left" in done.stderr
    assert [path.name for path in small_disk.iterdir()] == ["m.gguf"]
    assert (small_disk / "m.gguf").read_bytes() == b"the old one"


def test_a_limit_on_file_sizes_is_an_error(program, tmp_path):
    import resource

    done = subprocess.run([places.product(), "synth", "m.gguf"], cwd=tmp_path, capture_output=True, text=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
                          env=program.environment, timeout=30)
    assert done.returncode == 1 and "File too large" in done.stderr and not list(tmp_path.glob("m.gguf*"))


BAD = [
    (["--layers", "0"], "--layers: 0"),
    (["--layers", "-1"], "--layers"),
    (["--embd", "100"], "--embd"),
    (["--heads", "5"], "--heads"),
    (["--type", "q4_9"], "'q4_9'"),
    (["--type", "iq1_s"], "iq1_s cannot be made"),
    (["--type", "q4_k", "--embd", "96"], "no multiple of 256"),
    (["--vocab", "10"], "--vocab: 10"),
    (["--experts", "1"], "--experts-used"),
    (["--experts", "4", "--window", "64"], "cannot go together"),
    (["--seed", "x"], "--seed"),
]


@pytest.mark.parametrize("arguments, says", BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_shapes_that_cannot_be(program, tmp_path, arguments, says):
    done = program("synth", "m.gguf", *flags(*arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("llamatelemetry: ") and says in done.stderr
    assert not list(tmp_path.glob("m.gguf*"))


def test_destinations_that_cannot_be(program, tmp_path):
    (tmp_path / "folder").mkdir()
    for destination, says in [("folder", "no regular file"), ("/dev/null", "no regular file"),
                              ("nowhere/m.gguf", "make its folder first")]:
        done = program("synth", destination, *SMALL)
        assert (done.returncode, done.stdout) == (1, "") and says in done.stderr
