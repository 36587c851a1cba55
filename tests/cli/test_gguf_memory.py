"""KV caches and recurrent states: what `gguf` says is what the real llama-server allocates.

The models are empty: right shapes, all weights a hole of zeros. The server loads them and prints its buffers.
"""

import re

import pytest

from cli.gguf_files import ARRAY, F32, I32, Draft
from cli.test_gguf import described
from support.engine import DirectEngine

CONTEXT = 2048
EMBEDDING, HEADS, KV_HEADS, HEAD, FF, TOKENS = 256, 4, 2, 64, 512, 259


class Empty:
    """A model of an architecture, whose tensors are f32 and zero."""

    def __init__(self, name: str, layers: int, **keys: int | float | list[int]):
        self.name, self.layers, self.draft = name, layers, Draft()
        self.draft.put("general.architecture", name)
        self.keys(context_length=4096, block_count=layers, embedding_length=EMBEDDING, feed_forward_length=FF, **keys)
        self._vocabulary()
        self.tensor("token_embd.weight", EMBEDDING, TOKENS)

    def keys(self, **keys) -> None:
        for key, value in keys.items():
            key = f"{self.name}.{key.replace('__', '.')}"
            if isinstance(value, float):
                self.draft.raw(key, F32, self.draft.pack("f", value))
            else:
                self.draft.put(key, value)

    def tensor(self, name: str, *shape: int) -> None:
        size = 4
        for extent in shape:
            size *= extent
        self.draft.tensor(name, 0, list(shape), size)

    def layer(self, number: int, **shapes: int | tuple[int, ...]) -> None:
        for name, shape in shapes.items():
            suffix = "" if name in ("ssm_a", "ssm_d") else ".bias" if name.endswith("_bias") else ".weight"
            name = name.removesuffix("_bias").replace("__", ".")
            self.tensor(f"blk.{number}.{name}{suffix}", *(shape if isinstance(shape, tuple) else (shape,)))

    def _vocabulary(self) -> None:
        tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
        pack = self.draft.pack
        self.draft.put("tokenizer.ggml.model", "llama").put("tokenizer.ggml.tokens", tokens)
        self.draft.raw("tokenizer.ggml.scores", ARRAY, pack("IQ", F32, TOKENS) + bytes(4 * TOKENS))
        types = [2, 3, 3] + [6] * 256
        self.draft.raw("tokenizer.ggml.token_type", ARRAY, pack("IQ", I32, TOKENS) + pack(f"{TOKENS}i", *types))


RMS = {"attention__layer_norm_rms_epsilon": 1e-6}
GQA = {"attention__head_count": HEADS, "attention__head_count_kv": KV_HEADS}
ATTENTION = {"attn_norm": EMBEDDING, "attn_q": (EMBEDDING, EMBEDDING), "attn_k": (EMBEDDING, HEAD * KV_HEADS),
             "attn_v": (EMBEDDING, HEAD * KV_HEADS), "attn_output": (EMBEDDING, EMBEDDING)}
DENSE = {"ffn_gate": (EMBEDDING, FF), "ffn_up": (EMBEDDING, FF), "ffn_down": (FF, EMBEDDING)}


def gemma2() -> Empty:
    model = Empty("gemma2", 4, attention__sliding_window=64, **GQA, **RMS)
    model.tensor("output_norm.weight", EMBEDDING)
    for layer in range(4):
        model.layer(layer, **ATTENTION, **DENSE, ffn_norm=EMBEDDING, post_attention_norm=EMBEDDING,
                    post_ffw_norm=EMBEDDING)
    return model


def cohere2() -> Empty:
    model = Empty("cohere2", 8, attention__sliding_window=64, attention__layer_norm_epsilon=1e-5, logit_scale=1.0,
                  rope__dimension_count=HEAD, **GQA)
    model.tensor("output_norm.weight", EMBEDDING)
    for layer in range(8):
        model.layer(layer, **ATTENTION, **DENSE)
    return model


def mamba() -> Empty:
    inner, state, rank, kernel = 2 * EMBEDDING, 16, 16, 4
    model = Empty("mamba", 3, ssm__conv_kernel=kernel, ssm__inner_size=inner, ssm__state_size=state,
                  ssm__time_step_rank=rank, **RMS)
    model.tensor("output_norm.weight", EMBEDDING)
    for layer in range(3):
        model.layer(layer, attn_norm=EMBEDDING, ssm_in=(EMBEDDING, 2 * inner), ssm_conv1d=(kernel, inner),
                    ssm_conv1d_bias=inner, ssm_x=(inner, rank + 2 * state), ssm_dt=(rank, inner), ssm_dt_bias=inner,
                    ssm_a=(state, inner), ssm_d=inner, ssm_out=(inner, EMBEDDING))
    return model


def deepseek2() -> Empty:
    query, key, rope, nope, value = 96, 128, 32, 64, 48  # ranks of query and key; sizes of a head's parts
    model = Empty("deepseek2", 3, attention__head_count=HEADS, attention__head_count_kv=1,
                  attention__key_length=key + rope, attention__value_length=key, attention__key_length_mla=nope + rope,
                  attention__value_length_mla=value, attention__q_lora_rank=query, attention__kv_lora_rank=key,
                  rope__dimension_count=rope, leading_dense_block_count=3, expert_feed_forward_length=64,
                  expert_shared_count=1, expert_count=4, expert_used_count=2, vocab_size=TOKENS, **RMS)
    model.tensor("output_norm.weight", EMBEDDING)
    for layer in range(3):
        model.layer(layer, attn_norm=EMBEDDING, attn_q_a_norm=query, attn_kv_a_norm=key, attn_q_a=(EMBEDDING, query),
                    attn_q_b=(query, HEADS * (nope + rope)), attn_kv_a_mqa=(EMBEDDING, key + rope),
                    attn_k_b=(nope, key, HEADS), attn_v_b=(key, value, HEADS), attn_output=(HEADS * value, EMBEDDING),
                    ffn_norm=EMBEDDING, **DENSE)
    return model


def lfm2() -> Empty:
    model = Empty("lfm2", 4, shortconv__l_cache=3, attention__head_count=HEADS,
                  attention__head_count_kv=[0, KV_HEADS, 0, KV_HEADS], **RMS)
    model.tensor("token_embd_norm.weight", EMBEDDING)
    for layer in range(4):
        model.layer(layer, **DENSE, ffn_norm=EMBEDDING)
        if layer % 2:
            model.layer(layer, **ATTENTION, attn_q_norm=HEAD, attn_k_norm=HEAD)
        else:
            model.layer(layer, attn_norm=EMBEDDING, shortconv__conv=(3, EMBEDDING),
                        shortconv__in_proj=(EMBEDDING, 3 * EMBEDDING), shortconv__out_proj=(EMBEDDING, EMBEDDING))
    return model


def qwen3next() -> Empty:
    state, groups, rank, kernel = 32, 2, 4, 4
    inner, convolved = state * rank, state * groups * 2 + state * rank
    model = Empty("qwen3next", 8, ssm__conv_kernel=kernel, ssm__inner_size=inner, ssm__state_size=state,
                  ssm__time_step_rank=rank, ssm__group_count=groups, expert_count=4, expert_used_count=2,
                  expert_feed_forward_length=64, expert_shared_feed_forward_length=64, **GQA, **RMS)
    model.tensor("output_norm.weight", EMBEDDING)
    for layer in range(8):
        model.layer(layer, attn_norm=EMBEDDING, post_attention_norm=EMBEDDING, ffn_gate_inp=(EMBEDDING, 4),
                    ffn_gate_exps=(EMBEDDING, 64, 4), ffn_up_exps=(EMBEDDING, 64, 4), ffn_down_exps=(64, EMBEDDING, 4),
                    ffn_gate_inp_shexp=EMBEDDING, ffn_gate_shexp=(EMBEDDING, 64), ffn_up_shexp=(EMBEDDING, 64),
                    ffn_down_shexp=(64, EMBEDDING))
        if layer % 4 == 3:
            own = {key: value for key, value in ATTENTION.items() if key not in ("attn_norm", "attn_q")}
            model.layer(layer, **own, attn_q=(EMBEDDING, 2 * EMBEDDING), attn_q_norm=HEAD, attn_k_norm=HEAD)
        else:
            model.layer(layer, attn_qkv=(EMBEDDING, convolved), attn_gate=(EMBEDDING, inner),
                        ssm_conv1d=(kernel, convolved), ssm_dt_bias=rank, ssm_a=rank,
                        ssm_ba=(EMBEDDING, 2 * rank), ssm_norm=state, ssm_out=(inner, EMBEDDING))
    return model


def gemma3n() -> Empty:
    layers, altup, mixed, laurel = 30, 256, 4, 64  # sizes that llama.cpp takes for granted
    model = Empty("gemma3n", layers, attention__sliding_window=64, **GQA, **RMS)
    model.tensor("output_norm.weight", EMBEDDING)
    model.tensor("altup_proj.weight", EMBEDDING, EMBEDDING, mixed - 1)
    model.tensor("altup_unembd_proj.weight", EMBEDDING, EMBEDDING, mixed - 1)
    model.tensor("per_layer_token_embd.weight", altup * layers, TOKENS)
    model.tensor("per_layer_model_proj.weight", EMBEDDING, altup * layers)
    model.tensor("per_layer_proj_norm.weight", altup)
    for layer in range(layers):
        model.layer(layer, **ATTENTION, **DENSE, attn_q_norm=HEAD, attn_k_norm=HEAD, ffn_norm=EMBEDDING,
                    post_attention_norm=EMBEDDING, post_ffw_norm=EMBEDDING, inp_gate=(EMBEDDING, altup),
                    proj=(altup, EMBEDDING), post_norm=EMBEDDING, altup_correct_coef=(mixed, mixed),
                    altup_correct_scale=EMBEDDING, altup_predict_coef=(mixed, mixed * mixed),
                    altup_router=(EMBEDDING, mixed), altup_router_norm=EMBEDDING, laurel_l=(EMBEDDING, laurel),
                    laurel_r=(laurel, EMBEDDING), laurel_post_norm=EMBEDDING)
    return model


@pytest.mark.parametrize("make", [gemma2, cohere2, gemma3n, mamba, deepseek2, lfm2, qwen3next],
                         ids=lambda make: make.__name__)
def test_buffers_are_those_of_the_server(program, llama_server, tmp_path, make):
    path = make().draft.write(tmp_path / "m.gguf")
    memory = described(program, path)["memory"]
    assert memory["kind"] != "unknown"
    engine = DirectEngine(tmp_path, path, ["-c", str(CONTEXT), "-np", "1", "--no-warmup", "--verbosity", "4"])
    log = next(tmp_path.glob("engine-*.log")).read_text(errors="replace")
    engine.stop()
    caches = [float(size) for size in re.findall(r"KV buffer size = +([0-9.]+) MiB", log)]
    states = [float(size) for size in re.findall(r"RS buffer size = +([0-9.]+) MiB", log)]
    grows, all_of_it = memory["kv_bytes_per_token_beyond_window"], memory["kv_bytes_per_token"]
    # With a window of 64 the server keeps that and a batch of 512, rounded up to 768.
    expected = [grows * CONTEXT] * (grows > 0) + [(all_of_it - grows) * 768] * (all_of_it > grows)
    assert caches == pytest.approx([size / 2**20 for size in expected], abs=0.006), log[-3000:]
    state = memory["state_bytes_per_sequence"]
    assert states == pytest.approx([state / 2**20] * (state > 0), abs=0.006)
