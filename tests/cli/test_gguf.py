"""`gguf`: compared with llama.cpp's own reader, and fed with what is no model."""

import json
import os
import resource
import subprocess

import pytest

from cli.gguf_files import U16, Draft, llama
from support import places
from support.llama_source import gguf_py

TYPES = ["f32", "f16", "bf16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k",
         "iq4_nl", "mxfp4"]
SMALL = ["--layers", "2", "--embd", "256", "--ff", "512", "--heads", "4", "--kv-heads", "2", "--vocab", "512"]
CONTRACT = {"architecture", "name", "version", "parameter_count", "tensor_count", "file_bytes", "bits_per_weight",
            "kv_bytes_per_token", "metadata"}


def flags(*arguments):
    """The small shape's flags with these instead or besides."""
    merged = dict(zip(SMALL[::2], SMALL[1::2])) | dict(zip(arguments[::2], arguments[1::2]))
    return [text for pair in merged.items() for text in pair]


def synth(program, path, *arguments):
    done = program("synth", str(path), *flags(*arguments))
    assert done.returncode == 0, done.stderr
    return path


def described(program, path, *arguments):
    done = program("gguf", str(path), "--json", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def agrees(program, path):
    """Names, types, shapes, sizes and offsets are those of gguf-py; so is the number of parameters."""
    theirs = gguf_py().GGUFReader(path)
    document = described(program, path, "--tensors")
    assert CONTRACT <= set(document)
    assert document["files"][0]["data_offset"] == theirs.data_offset
    assert document["parameter_count"] == sum(int(tensor.n_elements) for tensor in theirs.tensors)
    assert document["tensor_bytes"] == sum(int(tensor.n_bytes) for tensor in theirs.tensors)
    assert [(t["name"], t["type"], t["shape"], t["offset"], t["bytes"]) for t in document["tensors"]] == [
        (t.name, t.tensor_type.name.lower(), [int(n) for n in t.shape], int(t.data_offset) - int(theirs.data_offset),
         int(t.n_bytes)) for t in theirs.tensors]
    return document


@pytest.mark.parametrize("kind", TYPES)
def test_synthetic_models_are_read_as_gguf_py_reads_them(program, tmp_path, kind):
    document = agrees(program, synth(program, tmp_path / "m.gguf", "--type", kind))
    assert document["tensor_count"] == 21 and document["kv_bytes_per_token"] == 2 * 2 * 64 * 2 * 2


def test_experts_are_read_as_gguf_py_reads_them(program, tmp_path):
    document = agrees(program, synth(program, tmp_path / "m.gguf", "--experts", "4"))
    assert document["expert_count"] == 4 and document["expert_used_count"] == 2
    assert {role["role"] for role in document["tensor_roles"]} >= {"experts", "attention", "norm"}


def test_every_type_that_gguf_py_knows(program, tmp_path):
    gguf = gguf_py()
    draft = llama()
    for kind, (values, size) in gguf.GGML_QUANT_SIZES.items():
        draft.tensor(f"t.{kind.name}", int(kind), [values * 2, 3], size * 6)
    agrees(program, draft.write(tmp_path / "all.gguf"))


def test_the_default_model(program):
    models = sorted((places.CACHE / "models").glob("SmolLM2-135M-Instruct*.gguf"))
    if not models:
        pytest.skip("the default model is not here (scripts/run gets it)")
    document = agrees(program, models[0])
    assert document["parameter_count"] == 134_515_008
    assert document["kv_bytes_per_token"] == 30 * 3 * 128 * 2
    assert described(program, models[0], "--check")["findings"] == []
    text = program("gguf", str(models[0])).stdout
    assert "134,515,008" in text and "22.5 KiB a token" in text and "49,152 tokens, gpt2" in text


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("version", [2, 3])
def test_every_dialect(program, tmp_path, big_endian, version):
    draft = llama(Draft(big_endian, version)).tensor("blk.0.attn_q.weight", 2, [256, 256], 36864)
    document = described(program, draft.write(tmp_path / "m.gguf"), "--tensors", "--check")
    assert document["version"] == version and document["byte_order"] == ("big" if big_endian else "little")
    assert document["tensors"] == [{"name": "blk.0.attn_q.weight", "type": "q4_0", "shape": [256, 256], "offset": 0,
                                    "bytes": 36864}]
    assert document["kv_bytes_per_token"] == 2 * 128 * 2 and document["findings"] == []


def test_metadata_is_whole_unless_it_is_large(program, tmp_path):
    draft = llama().put("numbers", list(range(512))).put("more", list(range(513))).put("words", ["x"] * 600)
    metadata = described(program, draft.write(tmp_path / "m.gguf"))["metadata"]
    assert metadata["numbers"] == list(range(512))
    assert metadata["more"] == {"type": "u32", "length": 513}
    assert metadata["words"] == {"type": "string", "length": 600}
    assert metadata["llama.block_count"] == 1


def test_unknown_types_and_architectures_are_not_guessed(program, tmp_path):
    draft = Draft().put("general.architecture", "new").put("new.block_count", 1).tensor("t", 99, [32, 32], 32)
    done = program("gguf", str(draft.write(tmp_path / "m.gguf")), "--json", "--tensors", "--check")
    document = json.loads(done.stdout)
    assert done.returncode == 1 and "is damaged: " in done.stderr and "unknown-type" in done.stdout
    assert document["tensors"][0]["type"] == "unknown (99)" and document["tensors"][0]["bytes"] is None
    assert document["bits_per_weight"] is None and document["kv_bytes_per_token"] is None
    assert document["parameter_count"] == 1024
    assert any(f["severity"] == "error" and f["where"] == "tensor 't'" for f in document["findings"])
    assert all(set(f) == {"severity", "where", "message"} for f in document["findings"])


def split(folder, parts=3):
    for number in range(parts):
        draft = llama(blocks=parts) if number == 0 else Draft()
        draft.put("split.no", number, U16).put("split.count", parts, U16).put("split.tensors.count", parts)
        draft.tensor(f"blk.{number}.attn_q.weight", 0, [256, number + 1], 1024 * (number + 1))
        draft.write(folder / f"m-{number + 1:05}-of-{parts:05}.gguf")
    return folder


@pytest.mark.parametrize("named", [1, 2, 3])
def test_any_file_of_a_split_model_stands_for_all(program, tmp_path, named):
    split(tmp_path)
    document = described(program, tmp_path / f"m-{named:05}-of-00003.gguf", "--tensors", "--check")
    assert document["findings"] == []
    assert [(t["file"], t["shape"]) for t in document["tensors"]] == [(n, [256, n + 1]) for n in range(3)]
    assert document["parameter_count"] == 256 * 6 and document["block_count"] == 3
    assert document["file_bytes"] == sum(path.stat().st_size for path in tmp_path.glob("m-*"))


def test_split_models_that_are_not_whole(program, tmp_path):
    split(tmp_path)
    (tmp_path / "m-00002-of-00003.gguf").rename(tmp_path / "other.gguf")
    done = program("gguf", str(tmp_path / "m-00001-of-00003.gguf"))
    assert done.returncode == 1 and "m-00002-of-00003.gguf does not exist" in done.stderr and "all 3 files" in done.stderr
    done = program("gguf", str(tmp_path / "other.gguf"))
    assert done.returncode == 1 and "its name does not say which" in done.stderr
    (tmp_path / "other.gguf").rename(tmp_path / "m-00002-of-00003.gguf")
    os.rename(tmp_path / "m-00001-of-00003.gguf", tmp_path / "x")
    os.rename(tmp_path / "m-00003-of-00003.gguf", tmp_path / "m-00001-of-00003.gguf")
    os.rename(tmp_path / "x", tmp_path / "m-00003-of-00003.gguf")
    done = program("gguf", str(tmp_path / "m-00001-of-00003.gguf"), "--check")
    assert done.returncode == 1 and "split: its split.no is not 0" in done.stdout


def limited(program, path, *arguments):
    """Runs with 1 GiB for everything that is no mapping and 15 s of processor time, which does not depend on what else
    runs; gives the process and its largest memory in bytes."""
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (15, 15))

    script = "import resource,subprocess,sys;r=subprocess.run(sys.argv[1:]);" \
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=sys.stderr);sys.exit(r.returncode)"
    done = subprocess.run(["python3", "-c", script, places.product(), "gguf", str(path), *arguments],
                          capture_output=True, text=True, timeout=55, preexec_fn=limit, env=program.environment)
    *words, largest = done.stderr.rstrip().split("\n")
    return done, "\n".join(words), int(largest) * 1024


def test_a_40_gigabyte_file_opens_at_once(program, tmp_path):
    draft = llama(blocks=10)
    for block in range(10):
        draft.tensor(f"blk.{block}.ffn_up.weight", 1, [1 << 16, 1 << 15], 1 << 32)
    path = draft.write(tmp_path / "big.gguf")
    assert path.stat().st_size > 40e9
    done, _, largest = limited(program, path, "--json", "--check")
    assert done.returncode == 0
    assert json.loads(done.stdout)["parameter_count"] == 10 << 31
    assert largest < 100e6  # what is read of a mapped file counts


HOSTILE = {
    "tensor-count": b"GGUF\x03\0\0\0" + b"\xff" * 8 + bytes(8),
    "entry-count": b"GGUF\x03\0\0\0" + bytes(8) + b"\0\0\0\0\1\0\0\0",
    "hole-of-entries": b"GGUF\x03\0\0\0" + bytes(8) + b"\x80\x84\x1e\0\0\0\0\0",
    "text-length": b"GGUF\x03\0\0\0" + bytes(8) + b"\1" + bytes(7) + b"\1" + bytes(7) + b"k\x08\0\0\0" + b"\xff" * 8,
    "hole-of-texts": b"GGUF\x03\0\0\0" + bytes(8) + b"\1" + bytes(7) + b"\1" + bytes(7) + b"k\x09\0\0\0\x08\0\0\0"
                     + b"\0\0\0\0\1\0\0\0",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_counts_in_a_large_hole_cost_nothing(program, tmp_path, name):
    path = tmp_path / "hole.gguf"
    path.write_bytes(HOSTILE[name])
    os.truncate(path, 40 << 30)
    done, words, largest = limited(program, path)
    assert (done.returncode, done.stdout) == (1, "") and "byte " in words
    assert largest < 100e6


def test_a_crowd_of_entries_takes_no_square_of_time(program, tmp_path):
    draft = llama()
    for number in range(200_000):
        draft.put(f"key.{number}", number)
        draft.tensor(f"t.{number}", 1000 + number, [1], 0)
    done, _, largest = limited(program, draft.write(tmp_path / "m.gguf"), "--json", "--check", "--tensors")
    document = json.loads(done.stdout)
    assert largest < 1e9
    assert len(document["tensor_types"]) == len(document["tensors"]) == 200_000 and len(document["findings"]) == 1001


NO_MODELS = {
    "empty": (b"", "is empty"),
    "text": (b"Dear all,\n", "this is text"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"),
    "page": (b"<!DOCTYPE html>", "web page"),
    "old": (b"GGUF\1\0\0\0" + bytes(16), "byte 4: the version is 1"),
    "older": (b"tjgg\3\0\0\0", "before August 2023"),
    "newer": (b"GGUF\x63\0\0\0" + bytes(16), "byte 4: the version is 99"),
    "noise": (bytes(range(200, 240)), "the magic is c8 c9 ca cb"),
}


@pytest.mark.parametrize("name", NO_MODELS)
def test_what_is_no_model(program, tmp_path, name):
    content, says = NO_MODELS[name]
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    done = program("gguf", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"llamatelemetry: {path}, byte ") and says in done.stderr
    checked = program("gguf", str(path), "--check", "--json")
    document = json.loads(checked.stdout)
    assert checked.returncode == 1 and CONTRACT <= set(document)
    assert [f["severity"] for f in document["findings"]] == ["error"] and says in document["findings"][0]["message"]


@pytest.mark.parametrize("path, says", [("/nowhere.gguf", "does not exist"), ("/tmp", "is a folder"),
                                        ("/dev/null", "not a regular file")])
def test_what_is_no_file(program, path, says):
    done = program("gguf", path)
    assert (done.returncode, done.stdout) == (1, "") and says in done.stderr


def test_cut_anywhere(program, tmp_path):
    whole = synth(program, tmp_path / "m.gguf").read_bytes()
    path = tmp_path / "cut.gguf"
    head = described(program, tmp_path / "m.gguf")["files"][0]["data_offset"]
    for size in [3, 7, 20, 30, 500, head // 2, head - 40, head + 1000, len(whole) - 33]:
        path.write_bytes(whole[:size])
        done = program("gguf", str(path))
        assert done.returncode == 1 and "byte " in done.stderr and "truncated" in done.stderr, (size, done.stderr)
        assert (done.stdout == "") == (size < head), size


def test_findings_as_text(program, tmp_path):
    draft = llama().tensor("a", 0, [8], 32).tensor("b", 0, [8], 32, offset=7)
    done = program("gguf", str(draft.write(tmp_path / "m.gguf")), "--check")
    assert done.returncode == 1
    assert "error: tensor 'b': misaligned: its offset 7 is no multiple of the alignment 32" in done.stdout
    assert "error: tensor 'b': overlap:" in done.stdout
    assert "is damaged: tensor 'b': misaligned" in done.stderr


def test_tensors_as_text(program, tmp_path):
    listed = program("gguf", str(synth(program, tmp_path / "m.gguf")), "--tensors").stdout.splitlines()
    assert listed[0].split() == ["tensor", "type", "shape", "offset", "bytes"]
    assert listed[1].split() == ["token_embd.weight", "q4_0", "256", "x", "512", "0", "73728"]
    assert len(listed) == 22
