"""`plan` from the command line: its contract, its text, and what it refuses."""

import json
import subprocess

import pytest

from cli.gguf_files import llama
from cli.test_gguf import synth
from support import places

PLACEMENT = {"name", "fits", "reason", "tensor_split", "flags", "env", "gpus", "bounds"}
GPU = {"index", "total_bytes", "weights_bytes", "kv_bytes", "compute_bytes", "context_bytes", "free_bytes", "layers"}


@pytest.fixture
def model(program, tmp_path):
    return str(synth(program, tmp_path / "m.gguf"))


def plan(program, *arguments):
    done = program("plan", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_the_document_has_what_the_contract_says(program, model):
    document = plan(program, model, "--preset", "kaggle-2xt4", "--ctx", "4096")
    assert [p["name"] for p in document["placements"]] == ["split", "dual", "single", "cpu"]
    assert document["chosen"] == "split"
    for placement in document["placements"]:
        assert set(placement) >= PLACEMENT
        assert set(placement["bounds"]) == {"decode_tokens_per_second", "prefill_tokens_per_second"}
        assert len(placement["gpus"]) == 2
        assert all(set(gpu) >= GPU for gpu in placement["gpus"])
    split, dual = document["placements"][:2]
    assert split["tensor_split"] == [1.0, 0.0] and dual["tensor_split"] == [0.5, 0.5]
    assert split["env"] == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "0"}
    assert dual["env"]["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert split["gpus"][1]["weights_bytes"] == split["gpus"][1]["kv_bytes"] == split["gpus"][1]["layers"] == 0
    assert sum(gpu["layers"] for gpu in dual["gpus"]) == 2


def test_weights_add_up_to_the_files_tensors(program, model):
    described = json.loads(program("gguf", model, "--json").stdout)
    document = plan(program, model, "--gpu", "8GiB,8GiB")
    assert document["weights_bytes"] == described["tensor_bytes"]
    assert document["placements"][3]["host"]["weights_bytes"] == described["tensor_bytes"]


def test_every_flag_reaches_the_engine(program, model):
    document = plan(program, model, "--gpu", "8GiB,8GiB", "--ctx", "4096", "--parallel", "2", "--kv-type", "q8_0,f16",
                    "--tensor-split", "0.7,0.3", "--split-mode", "row", "--gpu-layers", "2", "--batch", "1024",
                    "--ubatch", "256", "--flash-attn", "on")
    dual = document["placements"][1]
    assert document["chosen"] == "dual" and dual["tensor_split"] == [0.7, 0.3]
    assert " ".join(dual["flags"]) == (
        "--ctx-size 4096 --parallel 2 --no-kv-unified --batch-size 1024 --ubatch-size 256 --flash-attn on "
        "--cache-type-k q8_0 --cache-type-v f16 --n-gpu-layers 2 --split-mode row --tensor-split 0.7,0.3 --fit off")


def test_a_card_that_is_too_small_says_what_would_fit(program, model):
    document = plan(program, model, "--gpu", "1200MiB", "--ctx", "1000000", "--parallel", "1")
    single = document["placements"][2]
    assert not single["fits"] and single["verdict"] == "fits with changes"
    assert "lacks" in single["reason"] and "--ctx" in single["reason"]
    assert document["chosen"] is None
    fewer = single["changes"][0].split()
    assert plan(program, model, "--gpu", "1200MiB", *fewer, "--parallel", "1")["chosen"] == "single"


def test_the_text_has_a_bar_for_each_card(program, model):
    done = program("plan", model, "--preset", "kaggle-2xt4", "--ctx", "4096")
    assert (done.returncode, done.stderr) == (0, "")
    bars = [line for line in done.stdout.splitlines() if line.startswith("  GPU ")]
    assert len(bars) == 6  # split, dual and single
    assert all(len(line.partition("[")[2].partition("]")[0]) == 40 for line in bars)
    assert "CUDA_VISIBLE_DEVICES=0 llama-server --ctx-size 4096" in done.stdout
    assert "decode at most" in done.stdout and "(estimate)" in done.stdout


def test_without_a_word_about_gpus_it_plans_for_this_machine(program, model):
    document = plan(program, model, "--ctx", "1024")
    assert document["chosen"] is not None
    assert document["ram_bytes"] > 2**30


@pytest.mark.parametrize(("arguments", "says"), [
    (["--gpu", "15"], "neither a GPU that is known nor the size of one"),
    (["--gpu", "-1GiB"], None),
    (["--preset", "rtx-9999"], "kaggle-2xt4"),
    (["--gpu", "8GiB", "--preset", "cpu"], None),
    (["--gpu", "8GiB,8GiB", "--tensor-split", "0,0"], "gives no GPU anything"),
    (["--gpu", "8GiB,8GiB", "--tensor-split", "1,1,1"], "3 ratios, but there are 2 GPUs"),
    (["--gpu", "8GiB,8GiB", "--tensor-split", "1,-1"], "negative"),
    (["--gpu", "8GiB,8GiB", "--tensor-split", "half"], "'half' is no number"),
    (["--preset", "cpu", "--tensor-split", "1"], "1 ratio, but there are 0 GPUs"),
    (["--ctx", "0"], "--ctx: 0 is not within"),
    (["--ctx", "-5"], "--ctx"),
    (["--ctx", "lots"], "--ctx"),
    (["--parallel", "0"], "--parallel: 0 is not within"),
    (["--ubatch", "0"], "--ubatch: 0 is not within"),
    (["--kv-type", "q9_9"], "no type of a cache"),
    (["--kv-type", "q8_0", "--flash-attn", "off"], "needs FlashAttention"),
    (["--split-mode", "columns"], "none of layer, row, tensor"),
    (["--flash-attn", "maybe"], "--flash-attn"),
])
def test_nonsense_is_bad_usage(program, model, arguments, says):
    done = program("plan", model, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says is None or says in done.stderr
    assert "terminate" not in done.stderr


def test_files_that_are_no_models_are_refused(program, tmp_path):
    (tmp_path / "text.gguf").write_text("not a model")
    (tmp_path / "empty.gguf").touch()
    llama().write(tmp_path / "no-layers.gguf")
    for name in ["text.gguf", "empty.gguf", "missing.gguf", "."]:
        done = program("plan", str(tmp_path / name))
        assert (done.returncode, done.stdout) == (1, ""), name
        assert done.stderr.startswith("llamatelemetry: "), name


def test_a_cut_off_model_is_planned_for_and_said_to_be_damaged(program, model, tmp_path):
    whole = json.loads(program("plan", model, "--json").stdout)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(open(model, "rb").read()[:-1000])
    done = program("plan", str(cut), "--json")
    assert done.returncode == 0 and "cut.gguf is damaged: " in done.stderr and "gguf --check" in done.stderr
    assert json.loads(done.stdout)["weights_bytes"] == whole["weights_bytes"]


def test_an_unknown_architecture_is_not_guessed(program, tmp_path):
    draft = llama().put("general.architecture", "llama")
    path = tmp_path / "m.gguf"
    draft.write(path)
    path.write_bytes(path.read_bytes().replace(b"llama", b"lxxxx"))
    done = program("plan", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "'lxxxx'" in done.stderr


def test_a_full_disk_is_an_error(program, model):
    with open("/dev/full", "w") as full:
        done = subprocess.run([places.product(), "plan", model, "--preset", "cpu"], stdout=full, stderr=subprocess.PIPE,
                              timeout=30)
    assert done.returncode == 1 and b"stdout" in done.stderr
