"""Random tensor data, fast enough for multi-gigabyte files without numpy.

A pool of random blocks is made once for each tensor type; a tensor is cut out of the pool from a random block
on, around and around. Rows therefore repeat only far apart, which is all that speed and plumbing tests need.
"""

import math
import random
import struct
from typing import BinaryIO

from .gguf_writer import TENSOR_TYPES, tensor_bytes

POOL_BLOCKS = {"f32": 1 << 18, "f16": 1 << 18, "q4_0": 1 << 18, "q8_0": 1 << 18}
WRITE_BYTES = 8 << 20


class RandomWeights:
    def __init__(self, seed: int):
        self._random = random.Random(seed)
        self._pools: dict[tuple[str, float], bytes] = {}

    def write(self, out: BinaryIO, type_name: str, shape: tuple[int, ...], deviation: float,
              zero_rows: list[int] | None = None) -> None:
        """One tensor with values of about this standard deviation; `zero_rows` are all zero."""
        total = tensor_bytes(type_name, shape)
        begin = out.tell()
        pool = self._pool(type_name, deviation)
        block = TENSOR_TYPES[type_name][2]
        position = self._random.randrange(len(pool) // block) * block
        left = total
        while left:
            piece = pool[position:position + min(left, WRITE_BYTES)]
            out.write(piece)
            left -= len(piece)
            position = (position + len(piece)) % len(pool)
        row = tensor_bytes(type_name, shape[:1])
        for index in zero_rows or []:
            out.seek(begin + index * row)
            out.write(bytes(row))
        out.seek(begin + total)

    def _pool(self, type_name: str, deviation: float) -> bytes:
        key = (type_name, deviation)
        if key not in self._pools:
            self._pools[key] = _MAKERS[type_name](self._random, POOL_BLOCKS[type_name], deviation)
        return self._pools[key]


def _gauss(rng: random.Random, count: int, deviation: float) -> list[float]:
    return [rng.gauss(0.0, deviation) for _ in range(count)]


def _f32(rng: random.Random, blocks: int, deviation: float) -> bytes:
    return struct.pack(f"<{blocks}f", *_gauss(rng, blocks, deviation))


def _f16(rng: random.Random, blocks: int, deviation: float) -> bytes:
    return struct.pack(f"<{blocks}e", *_gauss(rng, blocks, deviation))


def _scaled_blocks(rng: random.Random, blocks: int, block_bytes: int, scale: float) -> bytes:
    """Blocks that start with an fp16 scale, the rest uniformly random."""
    data = bytearray(rng.randbytes(blocks * block_bytes))
    low, high = struct.pack("<e", scale)
    data[0::block_bytes] = bytes([low]) * blocks
    data[1::block_bytes] = bytes([high]) * blocks
    return bytes(data)


def _q4_0(rng: random.Random, blocks: int, deviation: float) -> bytes:
    return _scaled_blocks(rng, blocks, 18, deviation / math.sqrt((16 * 16 - 1) / 12))


def _q8_0(rng: random.Random, blocks: int, deviation: float) -> bytes:
    return _scaled_blocks(rng, blocks, 34, deviation / math.sqrt((256 * 256 - 1) / 12))


_MAKERS = {"f32": _f32, "f16": _f16, "q4_0": _q4_0, "q8_0": _q8_0}
