"""Writes GGUF version 3 files: a header, typed metadata, tensor descriptions, then aligned tensor data."""

import struct
from typing import BinaryIO, Callable, Iterable

MAGIC = b"GGUF"
VERSION = 3
ALIGNMENT = 32

# ggml tensor types: name -> (type number, values in a block, bytes in a block)
TENSOR_TYPES = {
    "f32": (0, 1, 4),
    "f16": (1, 1, 2),
    "q4_0": (2, 32, 18),
    "q8_0": (8, 32, 34),
}

_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9


class U32(int):
    """Marks an integer that is stored as uint32 (plain ints are stored as int32)."""


def tensor_bytes(type_name: str, shape: tuple[int, ...]) -> int:
    """Size of a tensor's data; the first dimension is the row and must be whole blocks."""
    _, block_values, block_bytes = TENSOR_TYPES[type_name]
    if shape[0] % block_values:
        raise ValueError(f"a {type_name} row needs a multiple of {block_values} values, not {shape[0]}")
    values = 1
    for extent in shape:
        values *= extent
    return values // block_values * block_bytes


def _string(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def _scalar(value) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return _BOOL, struct.pack("<?", value)
    if isinstance(value, U32):
        return _UINT32, struct.pack("<I", value)
    if isinstance(value, int):
        return _INT32, struct.pack("<i", value)
    if isinstance(value, float):
        return _FLOAT32, struct.pack("<f", value)
    return _STRING, _string(value)


def _value(value) -> bytes:
    if not isinstance(value, list):
        kind, raw = _scalar(value)
        return struct.pack("<I", kind) + raw
    kind = _scalar(value[0])[0]
    return struct.pack("<IIQ", _ARRAY, kind, len(value)) + b"".join(_scalar(item)[1] for item in value)


def write(out: BinaryIO, metadata: dict, tensors: Iterable[tuple[str, str, tuple[int, ...]]],
          fill: Callable[[BinaryIO, str, str, tuple[int, ...]], None]) -> None:
    """Writes the whole file. `tensors` are (name, type, shape); `fill(out, name, type, shape)` writes one
    tensor's data, exactly tensor_bytes() of it."""
    tensors = list(tensors)
    out.write(MAGIC + struct.pack("<IQQ", VERSION, len(tensors), len(metadata)))
    for key, value in metadata.items():
        out.write(_string(key) + _value(value))
    offset = 0
    for name, type_name, shape in tensors:
        out.write(_string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape))
        out.write(struct.pack("<IQ", TENSOR_TYPES[type_name][0], offset))
        offset += _padded(tensor_bytes(type_name, shape))
    out.write(bytes(_padded(out.tell()) - out.tell()))
    for name, type_name, shape in tensors:
        begin = out.tell()
        fill(out, name, type_name, shape)
        written = out.tell() - begin
        if written != tensor_bytes(type_name, shape):
            raise AssertionError(f"{name}: {written} bytes written")
        out.write(bytes(_padded(written) - written))


def _padded(size: int) -> int:
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
