"""What is loaded into an engine must not depend on more than every Linux of the last years has."""

import re
import subprocess

from support import places

LIBRARY = places.product().parent / "libllamatelemetry_probe.so"


def tool(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_it_needs_glibc_alone_and_no_younger_one_than_2_35():
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", tool("readelf", "-d", LIBRARY))
    assert set(needed) <= {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    versions = {tuple(map(int, found)) for found in re.findall(r"GLIBC_(\d+)\.(\d+)", tool("objdump", "-T", LIBRARY))}
    assert max(versions) <= (2, 35)


def test_it_shows_nothing_but_the_engines_functions():
    shown = [line.split()[-1] for line in tool("nm", "-D", "--defined-only", LIBRARY).splitlines()]
    assert shown and all(name.startswith("llama_") for name in shown)
