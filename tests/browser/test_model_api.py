"""The served model and its plans, with a real llama-server."""

import json
import subprocess

import pytest
from support import places

from .pictures import get, status_of

pytestmark = pytest.mark.timeout(120)


def test_the_model_is_what_the_command_says(served, tiny_model):
    model = get(served, "/api/v1/model")
    command = json.loads(subprocess.run([places.product(), "gguf", tiny_model, "--json", "--tensors"], capture_output=True,
                                        check=True, timeout=30).stdout)
    for member in ("architecture", "parameter_count", "tensor_count", "file_bytes", "bits_per_weight"):
        assert model[member] == command[member]
    assert "metadata" not in model and str(tiny_model.parent) not in json.dumps(model)
    by_name = {tensor["name"]: tensor for tensor in model["tensors"]}
    assert {name: t["bytes"] for name, t in by_name.items()} == {t["name"]: t["bytes"] for t in command["tensors"]}
    assert by_name["blk.0.attn_q.weight"]["layer"] == 0 and by_name["blk.0.attn_q.weight"]["role"] == "attention"
    assert by_name["token_embd.weight"]["layer"] is None


def test_plans_are_those_of_the_command(served, tiny_model):
    asked = get(served, "/api/v1/plan?preset=kaggle-2xt4&context=4096&parallel=2&tensor_split=0.7,0.3&kv_type=q8_0")
    command = json.loads(subprocess.run(
        [places.product(), "plan", tiny_model, "--preset", "kaggle-2xt4", "--ctx", "4096", "--parallel", "2", "--tensor-split",
         "0.7,0.3", "--kv-type", "q8_0", "--json"], capture_output=True, check=True, timeout=30).stdout)
    assert asked["chosen"] == command["chosen"]
    for ours, theirs in zip(asked["placements"], command["placements"]):
        homes = ours.pop("layer_gpus")
        assert ours == theirs
        assert len(homes) == asked["layers"] + 1
        for card in ours["gpus"]:
            assert sum(1 for home in homes[:-1] if home == card["index"]) == card["layers"]
    assert "kaggle-2xt4" in asked["presets"] and "q8_0" in asked["kv_types"]


@pytest.mark.parametrize("query", ["context=0", "context=x", "parallel=1000000", "kv_type=q3_k", "tensor_split=a,b", "gpus=1x",
                                   "preset=none-such", "contex=5", "flash_attention=maybe&preset=h100", "gpus=../../etc/passwd"])
def test_wrong_plans_are_refused(served, query):
    status, document = status_of(served, f"/api/v1/plan?{query}")
    assert status == 400 and document["error"]["message"]


def test_the_model_is_a_graph_too(served):
    graph = get(served, "/api/v1/graphs/model")
    nodes = graph["nodes"]
    at = nodes["id"].index("blk.0.attn_q.weight")
    assert nodes["bytes"][at] > 0 and nodes["layer"][at] == 0 and nodes["quantisation"][at] == "q8_0"
