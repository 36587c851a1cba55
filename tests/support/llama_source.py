"""llama.cpp's own Python reader of GGUF files, out of the source that the engine was built from."""

import sys

import pytest

from . import places


def gguf_py():
    """The package `gguf`; skips the test where the source is not there."""
    folders = sorted(places.CACHE.glob("src/llama.cpp-*/gguf-py"))
    if not folders:
        pytest.skip("llama.cpp's source is not here (scripts/build gets it with the engine)")
    if str(folders[-1]) not in sys.path:
        sys.path.insert(0, str(folders[-1]))
    import gguf
    import gguf.quants  # noqa: F401

    return gguf
