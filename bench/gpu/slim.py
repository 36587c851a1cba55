#!/usr/bin/env python3
"""Makes the libraries of cuGraph, cuDF or cuVS small enough to carry: device code for one GPU architecture only, and
stand-ins that trap for libraries that are loaded but never called: cuVS and cuGraph's multi-GPU half by graph algorithms on
one GPU, nvCOMP by tables in memory.

usage: slim.py graphs|tables|vectors WHEEL_FOLDER OUT_FOLDER [--architecture 90]
"""

import argparse
import shutil
import struct
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

CONTAINER = struct.Struct("<IHHQ")  # magic, version, bytes of this header, bytes behind it
MAGIC = 0xBA55ED50
DEVICE_CODE = 2  # an entry's kind; others are PTX
SHARED = ["libkvikio.so", "librapids_logger.so", "libzstd-*.so*", "libz-*.so*"]


class Part(NamedTuple):
    version: str                    # the file that says it
    pruned: list[str]
    kept: list[str]
    stood_in: dict[str, list[str]]  # a library, and whose calls it has to stand in for


PARTS = {
    "graphs": Part("libcugraph/VERSION", ["libcugraph.so", "libcugraph_common.so", "libraft.so", "librmm.so"],
                   ["libcugraph_c.so", "libgomp-*.so*", *SHARED],
                   {"libcuvs.so": ["libcugraph.so", "libcugraph_common.so"], "libcugraph_mg.so": ["libcugraph_c.so"]}),
    "tables": Part("libcudf/VERSION", ["libcudf.so", "librmm.so"], SHARED, {"libnvcomp.so.5": ["libcudf.so"]}),
    "vectors": Part("libcuvs/VERSION", ["libcuvs.so", "librmm.so"], ["libcuvs_c.so", "libgomp-*.so*", *SHARED], {}),
}


def tool(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def fatbin_sections(library: Path) -> list[tuple[int, int]]:
    """Offset and size of each section that holds device code."""
    found = []
    for line in tool("readelf", "-SW", library).splitlines():
        parts = line.replace("[ ", "[").split()
        if len(parts) > 5 and parts[1] in (".nv_fatbin", "__nv_relfatbin"):
            found.append((int(parts[4], 16), int(parts[5], 16)))
    return found


def unwanted_payloads(image: memoryview, begin: int, size: int, architecture: int):
    """Yields where device code for other architectures lies."""
    at, end = begin, begin + size
    while at + CONTAINER.size <= end:
        magic, _, header, body = CONTAINER.unpack_from(image, at)
        if magic != MAGIC:
            at += 8  # padding
            continue
        entry, stop = at + header, at + header + body
        while entry < stop:
            kind, _, entry_header, payload = struct.unpack_from("<HHIQ", image, entry)
            target, = struct.unpack_from("<I", image, entry + 28)
            if kind != DEVICE_CODE or target != architecture:
                yield entry + entry_header, payload
            entry += entry_header + payload
        at = stop


def prune(source: Path, target: Path, architecture: int) -> None:
    """Zeroes instead of cutting out: no address changes, and zeroes compress to nothing."""
    image = bytearray(source.read_bytes())
    for begin, size in fatbin_sections(source):
        for at, length in list(unwanted_payloads(memoryview(image), begin, size, architecture)):
            image[at:at + length] = bytes(length)
    target.write_bytes(image)


def symbols(library: Path, which: str) -> set[str]:
    return {line.split()[-1].split("@")[0] for line in tool("nm", "-D", which, library).splitlines() if line.strip()}


def stand_in(real: Path, users: list[Path], target: Path) -> None:
    """A library with the real one's name in which every function that a user wants is an illegal instruction."""
    wanted = sorted(symbols(real, "--defined-only") & set().union(*(symbols(user, "--undefined-only") for user in users)))
    body = "".join(f'.globl "{name}"\n.type "{name}", @function\n"{name}":\n' for name in wanted)
    with tempfile.NamedTemporaryFile("w", suffix=".s") as source:
        source.write(f'.text\n{body}ud2\n.section .note.GNU-stack,"",@progbits\n')
        source.flush()
        tool("gcc", "-shared", "-nostdlib", f"-Wl,-soname,{real.name}", source.name, "-o", target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("wheels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--architecture", type=int, default=90)
    options = parser.parse_args()
    part = PARTS[options.part]
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.out.parent) as folder:
        work = Path(folder)
        for wheel in options.wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if ".so" in Path(name).name or name.endswith(part.version):
                        (work / Path(name).name).write_bytes(archive.read(name))
        for name in part.pruned:
            prune(work / name, options.out / name, options.architecture)
        for pattern in [*part.kept, "VERSION"]:
            for file in work.glob(pattern):
                shutil.copy(file, options.out)
        for name, users in part.stood_in.items():
            stand_in(work / name, [work / user for user in users], options.out / name)


if __name__ == "__main__":
    main()
