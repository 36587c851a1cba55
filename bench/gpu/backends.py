"""The benchmarks of the GPU back ends: their archives, their programs, and tables of what they print."""

import json
import os
import subprocess
import sys
from pathlib import Path

from progress import progress


def library_folders(rapids: Path) -> list[Path]:
    """Where this machine keeps CUDA's libraries: the toolkit's, and those of Python packages."""
    folders = [rapids, Path("/usr/local/cuda/lib64"), Path("/usr/local/cuda/targets/x86_64-linux/lib")]
    for root in [*map(Path, sys.path), *Path("/usr/local/lib").glob("python3*/dist-packages"),
                 *Path("/opt").glob("*/lib/python3*/site-packages")]:
        folders += sorted((root / "nvidia").glob("*/lib")) if (root / "nvidia").is_dir() else []
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def unpacked(packs: list[Path], work: Path) -> dict[str, str]:
    """Unpacks the archives that are there, and gives the environment in which their programs find everything. What is
    not there may have come with an earlier call."""
    work.mkdir(parents=True, exist_ok=True)
    for pack in packs:
        if pack.exists():
            subprocess.run(["tar", "-C", work, "-xJf", pack], check=True)
        else:
            progress(f"{pack} is not here; {work} has to have it already")
    folders = library_folders(work / "rapids")
    progress("libraries from " + " ".join(map(str, folders)))
    return {**os.environ, "LLAMATELEMETRY_RAPIDS": f"{work}:{work / 'rapids'}",
            "LD_LIBRARY_PATH": ":".join([*map(str, folders), os.environ.get("LD_LIBRARY_PATH", "")])}


def run(program: Path, environment: dict, sizes: str, kinds: list[str], limit: float, of: str) -> list[dict]:
    """One process; its lines as far as it got."""
    rows, what = [], f"{sizes} {of}, {' '.join(kinds) or 'every kind'}"
    try:
        done = subprocess.run([program, sizes, *kinds], env=environment, capture_output=True, text=True, timeout=limit,
                              check=False)
        out, errors, status = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired as late:
        out = late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else late.stdout or ""
        errors, status = f"stopped after {limit:.0f} s", "time"
    except OSError as error:
        out, errors, status = "", str(error), "start"
    for line in out.splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            progress(f"not understood: {line[:200]}")
    progress(f"{what}: {len(rows)} lines, status {status}{', ' + errors.strip()[-600:] if errors.strip() else ''}")
    return rows


def machine() -> str:
    parts = []
    for command in (["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"],
                    ["sh", "-c", "grep -m1 'model name' /proc/cpuinfo | cut -d: -f2"]):
        try:
            parts.append(subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.strip()
                         .replace("\n", " + "))
        except (OSError, subprocess.SubprocessError) as error:
            parts.append(f"({command[0]}: {error})")
    return f"{'; '.join(parts)}; {os.cpu_count()} CPU cores"


def number(value) -> str:
    return "–" if value is None else f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
