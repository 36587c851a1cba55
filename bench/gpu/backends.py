"""The benchmarks of the GPU back ends: their programs, and tables of what they print."""

import json
import os
import subprocess
from pathlib import Path

import parts as programs
from progress import progress


def prepared(options, name: str) -> tuple[Path, dict[str, str]]:
    """The program, packed or as it is named, and the environment in which it finds everything."""
    environment = dict(os.environ)
    if options.gpu is not None:
        environment["LLAMATELEMETRY_ANALYTICS_GPU"] = options.gpu
    if options.program:
        return options.program, environment
    return programs.unpack_programs(options) / name, {**environment, **programs.analytics_environment(options)}


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
