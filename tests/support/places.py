"""Where the things under test are. Each can be set by an environment variable."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "llamatelemetry"


def product() -> Path:
    """The llamatelemetry binary (LLAMATELEMETRY_BIN, otherwise build/release)."""
    return Path(os.environ.get("LLAMATELEMETRY_BIN") or REPOSITORY / "build/release/llamatelemetry")


def llama_server() -> Path | None:
    """A real llama-server (LLAMATELEMETRY_LLAMA_SERVER, the project's engine folders, PATH)."""
    given = os.environ.get("LLAMATELEMETRY_LLAMA_SERVER")
    if given:
        return Path(given)
    candidates = [*sorted(CACHE.glob("engines/*/bin/llama-server")), *sorted(CACHE.glob("engines/*/llama-server")),
                  CACHE / "build-llama/bin/llama-server"]
    found = next((path for path in candidates if os.access(path, os.X_OK)), None)
    if found is None and (in_path := shutil.which("llama-server")):
        found = Path(in_path)
    return found


@cache
def tiny_model(folder: Path, name: str = "tiny", **shape: int | str) -> Path:
    """A random-weight model, written once for each shape."""
    path = folder / f"{name}.gguf"
    options = [text for key, value in shape.items() for text in (f"--{key.replace('_', '-')}", str(value))]
    tool = REPOSITORY / "tools/tiny-model"
    subprocess.run([sys.executable, tool, path, "--name", name, *options], check=True, timeout=120,
                   capture_output=True)
    return path
