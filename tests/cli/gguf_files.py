"""GGUF files byte by byte, so that they can be of any kind and wrong in any way."""

import struct
from pathlib import Path

U8, U16, U32, I32, F32, STRING, ARRAY, U64 = 0, 2, 4, 5, 6, 8, 9, 10
ALIGNMENT = 32


class Draft:
    def __init__(self, big_endian: bool = False, version: int = 3):
        self._end = ">" if big_endian else "<"
        self._version = version
        self._entries, self._tensors = [], []
        self.data_bytes = 0

    def pack(self, form: str, *values) -> bytes:
        return struct.pack(self._end + form, *values)

    def text(self, value: str | bytes) -> bytes:
        raw = value.encode() if isinstance(value, str) else value
        return self.pack("Q", len(raw)) + raw

    def raw(self, key: str, kind: int, value: bytes) -> "Draft":
        self._entries.append(self.text(key) + self.pack("I", kind) + value)
        return self

    def put(self, key: str, value: int | str | list[int] | list[str], kind: int = U32) -> "Draft":
        if isinstance(value, str):
            return self.raw(key, STRING, self.text(value))
        if isinstance(value, int):
            return self.raw(key, kind, self.pack({U8: "B", U16: "H", U32: "I", I32: "i", U64: "Q"}[kind], value))
        if value and isinstance(value[0], str):
            return self.raw(key, ARRAY, self.pack("IQ", STRING, len(value)) + b"".join(map(self.text, value)))
        return self.raw(key, ARRAY, self.pack("IQ", U32, len(value)) + self.pack(f"{len(value)}I", *value))

    def tensor(self, name: str, kind: int, shape: list[int], size: int, offset: int | None = None) -> "Draft":
        at = self.data_bytes if offset is None else offset
        self._tensors.append(self.text(name) + self.pack("I", len(shape)) + self.pack(f"{len(shape)}Q", *shape)
                             + self.pack("IQ", kind, at))
        self.data_bytes = max(self.data_bytes, at + -(-size // ALIGNMENT) * ALIGNMENT)
        return self

    def head(self) -> bytes:
        head = b"GGUF" + self.pack("IQQ", self._version, len(self._tensors), len(self._entries))
        head += b"".join(self._entries) + b"".join(self._tensors)
        return head + bytes(-len(head) % ALIGNMENT)

    def write(self, path: Path) -> Path:
        """The head, then a hole as long as the data."""
        head = self.head()
        with open(path, "wb") as out:
            out.write(head)
            out.truncate(len(head) + self.data_bytes)
        return path


def llama(draft: Draft | None = None, blocks: int = 1) -> Draft:
    """Metadata of a small Llama, without tensors."""
    draft = draft or Draft()
    draft.put("general.architecture", "llama").put("general.quantization_version", 2)
    for key, value in {"context_length": 128, "embedding_length": 256, "block_count": blocks,
                       "feed_forward_length": 512, "attention.head_count": 4, "attention.head_count_kv": 2}.items():
        draft.put("llama." + key, value)
    return draft.put("tokenizer.ggml.model", "llama").put("tokenizer.ggml.tokens", ["<unk>", "a"])
