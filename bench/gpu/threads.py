"""The processor time of a process's threads, by their names."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def name(pid: int) -> str:
    """What the process calls itself; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:
        return ""


def cpu_seconds(pid: int) -> dict[str, float]:
    """User and system time so far; threads of one name add up. Empty when the process is gone."""
    found: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            called = (task / "comm").read_text().rstrip("\n")
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        found[called] = found.get(called, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS
    return found


def shares(before: dict[str, float], after: dict[str, float], seconds: float) -> dict[str, float]:
    """Of one core, by name, between two readings. A name that only the later one has began at 0; threads that ended
    meanwhile are not counted."""
    return {called: round(max(total - before.get(called, 0.0), 0.0) / seconds, 5) for called, total in sorted(after.items())}
