"""The Llama shape: which tensors a dense model has, and the metadata that describes them."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from . import gguf_writer, vocabulary
from .gguf_writer import U32
from .weights import RandomWeights


@dataclass(frozen=True)
class Shape:
    layers: int = 2
    embd: int = 128
    ff: int = 256
    heads: int = 4
    kv_heads: int = 2
    vocab: int | None = None  # None: the smallest there is
    context: int = 4096
    type: str = "q4_0"
    seed: int = 1
    name: str = "tiny"

    def check(self) -> None:
        if self.embd % self.heads or self.heads % self.kv_heads:
            raise ValueError("embd must be a multiple of heads, and heads of kv-heads")
        if self.embd // self.heads % 2:
            raise ValueError("the head size must be even")
        for row in (self.embd, self.ff):
            gguf_writer.tensor_bytes(self.type, (row,))


def metadata(shape: Shape, words: vocabulary.Vocabulary) -> dict:
    file_types = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 7}
    return {
        "general.architecture": "llama",
        "general.name": shape.name,
        "general.file_type": U32(file_types[shape.type]),
        "general.quantization_version": U32(2),
        "llama.block_count": U32(shape.layers),
        "llama.context_length": U32(shape.context),
        "llama.embedding_length": U32(shape.embd),
        "llama.feed_forward_length": U32(shape.ff),
        "llama.attention.head_count": U32(shape.heads),
        "llama.attention.head_count_kv": U32(shape.kv_heads),
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": U32(shape.embd // shape.heads),
        "llama.rope.freq_base": 10000.0,
        "llama.vocab_size": U32(len(words.tokens)),
        **words.metadata(),
    }


def tensors(shape: Shape, vocab: int) -> list[tuple[str, str, tuple[int, ...]]]:
    kv = shape.embd // shape.heads * shape.kv_heads
    listed = [("token_embd.weight", shape.type, (shape.embd, vocab))]
    for layer in range(shape.layers):
        prefix = f"blk.{layer}."
        listed += [
            (prefix + "attn_norm.weight", "f32", (shape.embd,)),
            (prefix + "attn_q.weight", shape.type, (shape.embd, shape.embd)),
            (prefix + "attn_k.weight", shape.type, (shape.embd, kv)),
            (prefix + "attn_v.weight", shape.type, (shape.embd, kv)),
            (prefix + "attn_output.weight", shape.type, (shape.embd, shape.embd)),
            (prefix + "ffn_norm.weight", "f32", (shape.embd,)),
            (prefix + "ffn_gate.weight", shape.type, (shape.embd, shape.ff)),
            (prefix + "ffn_up.weight", shape.type, (shape.embd, shape.ff)),
            (prefix + "ffn_down.weight", shape.type, (shape.ff, shape.embd)),
        ]
    return listed + [("output_norm.weight", "f32", (shape.embd,)), ("output.weight", shape.type, (shape.embd, vocab))]


def write(path: Path, shape: Shape) -> None:
    """Writes the file under a temporary name first, so that nobody ever sees half a model."""
    shape.check()
    words = vocabulary.build(shape.vocab)
    weights = RandomWeights(shape.seed)

    def fill(out: BinaryIO, name: str, type_name: str, dimensions: tuple[int, ...]) -> None:
        if name.endswith("norm.weight"):
            out.write(b"\x00\x00\x80\x3f" * dimensions[0])  # 1.0f
        elif name == "token_embd.weight":
            weights.write(out, type_name, dimensions, 1.0)
        elif name == "output.weight":  # steep logits: the best token wins by a clear margin
            weights.write(out, type_name, dimensions, 4.0 / math.sqrt(dimensions[0]), words.silent)
        else:
            weights.write(out, type_name, dimensions, 1.0 / math.sqrt(dimensions[0]))

    partial = path.with_name(path.name + ".partial")
    try:
        with open(partial, "wb") as out:
            gguf_writer.write(out, metadata(shape, words), tensors(shape, len(words.tokens)), fill)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
