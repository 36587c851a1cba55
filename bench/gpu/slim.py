#!/usr/bin/env python3
"""Makes the libraries of cuGraph, cuDF or cuVS small enough to carry: device code for one GPU architecture only, and
stand-ins that trap for libraries that are loaded but never called: cuVS and cuGraph's multi-GPU half by graph algorithms on
one GPU, nvCOMP by tables in memory; for a machine without that CUDA also cuBLAS and the like, which are cuVS' and spectral
clustering's.

usage: slim.py graphs|tables|vectors WHEEL_FOLDER OUT_FOLDER [--architecture 90] [--without-cuda]
"""

import argparse
import ctypes
import re
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
PAYLOAD, COMPRESSED, FLAGS, DECOMPRESSED = 8, 16, 40, 56  # where an entry's header says how many bytes, and how
LZ4 = 0x2000
SHARED = ["libkvikio.so", "librapids_logger.so", "libzstd-*.so*", "libz-*.so*"]


class Entry(NamedTuple):
    at: int
    kind: int
    architecture: int
    header: int
    payload: int


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


def containers(image: bytearray, begin: int, size: int):
    """Yields where each lies, and its entries: where each lies, its kind, its architecture, and the bytes of its header and
    of its payload."""
    at, end = begin, begin + size
    while at + CONTAINER.size <= end:
        magic, _, header, body = CONTAINER.unpack_from(image, at)
        if magic != MAGIC:
            at += 8  # padding
            continue
        entries, entry, stop = [], at + header, at + header + body
        while entry < stop:
            kind, _, entry_header, payload = struct.unpack_from("<HHIQ", image, entry)
            target, = struct.unpack_from("<I", image, entry + 28)
            entries.append(Entry(entry, kind, target, entry_header, payload))
            entry += entry_header + payload
        yield at, entries
        at = stop


def decompressed(image: bytearray, entry: Entry) -> bytes | None:
    """An entry's payload, where LZ4 compressed it, which is what CUDA 12 does: xz makes far less of it without."""
    flags, = struct.unpack_from("<Q", image, entry.at + FLAGS)
    if not flags & LZ4:
        return None
    compressed, = struct.unpack_from("<I", image, entry.at + COMPRESSED)
    size, = struct.unpack_from("<Q", image, entry.at + DECOMPRESSED)
    body = ctypes.create_string_buffer(size)
    begin = entry.at + entry.header
    written = ctypes.CDLL("liblz4.so.1").LZ4_decompress_safe(bytes(image[begin:begin + compressed]), body, compressed, size)
    if written != size:
        raise SystemExit(f"device code of {size} bytes at {entry.at} is not LZ4: {written}")
    return body.raw


def put_alone(image: bytearray, container: int, entry: Entry, payload: bytes) -> None:
    """The entry as the container's only one, not compressed. The container ends sooner; nothing behind it moves."""
    _, _, header, body = CONTAINER.unpack_from(image, container)
    begin, stop = container + header, container + header + body
    head = bytearray(image[entry.at:entry.at + entry.header])
    flags, = struct.unpack_from("<Q", head, FLAGS)
    struct.pack_into("<Q", head, PAYLOAD, len(payload))
    struct.pack_into("<I", head, COMPRESSED, 0)
    struct.pack_into("<Q", head, FLAGS, flags & ~LZ4)
    struct.pack_into("<Q", head, DECOMPRESSED, 0)
    image[begin:stop] = bytes(head + payload).ljust(stop - begin, b"\0")
    struct.pack_into("<Q", image, container + CONTAINER.size - 8, len(head) + len(payload))


def prune(source: Path, target: Path, architecture: int) -> None:
    """Zeroes instead of cutting out: no address changes, and zeroes compress to nothing. What that leaves free has room for
    the code that stays, decompressed."""
    image = bytearray(source.read_bytes())
    for begin, size in fatbin_sections(source):
        for container, entries in list(containers(image, begin, size)):
            wanted = [entry for entry in entries if entry.kind == DEVICE_CODE and entry.architecture == architecture]
            payload = decompressed(image, wanted[0]) if len(wanted) == 1 else None
            if payload and wanted[0].header + len(payload) <= sum(entry.header + entry.payload for entry in entries):
                put_alone(image, container, wanted[0], payload)
                continue
            for entry in set(entries) - set(wanted):
                image[entry.at + entry.header:entry.at + entry.header + entry.payload] = bytes(entry.payload)
    target.write_bytes(image)


def symbols(library: Path, which: str) -> set[tuple[str, str]]:
    """Names and versions; a version is "" where there is none."""
    names = (line.split()[-1].partition("@") for line in tool("nm", "-D", which, library).splitlines() if line.strip())
    return {(name, version.lstrip("@")) for name, _, version in names}


def wanted_by(users: list[Path]) -> set[tuple[str, str]]:
    return set().union(*(symbols(user, "--undefined-only") for user in users))


def stand_in(names: set[str], target: Path, version: str = "") -> None:
    """A library in which each of these functions says its name and then is an illegal instruction."""
    body = "".join(f'.globl "{name}"\n.type "{name}", @function\n"{name}":\nlea 1f(%rip), %rsi\nmov ${len(name) + 1}, %edx\n'
                   f'mov $2, %edi\nmov $1, %eax\nsyscall\nud2\n1: .ascii "{name}\\n"\n' for name in sorted(names))
    with tempfile.TemporaryDirectory() as folder:
        source, script = Path(folder) / "all.s", Path(folder) / "versions"
        source.write_text(f'.text\n{body}.section .note.GNU-stack,"",@progbits\n')
        script.write_text(f'"{version}" {{ global: *; }};\n' if version else "{ global: *; };\n")
        tool("gcc", "-shared", "-nostdlib", f"-Wl,-soname,{target.name}", f"-Wl,--version-script,{script}", source, "-o", target)


def stand_in_for(real: Path, users: list[Path], target: Path) -> None:
    stand_in({name for name, _ in wanted_by(users)} & {name for name, _ in symbols(real, "--defined-only")}, target)


def stand_in_for_cuda(libraries: list[Path], folder: Path) -> None:
    """For each of CUDA's libraries that these need. It gives its symbols its own name as their version."""
    wanted = wanted_by(libraries)
    needed = set().union(*(re.findall(r"\(NEEDED\).*\[(lib(?!cuda\.)(?:cu|nv|nccl)\w+\.so\.\d+)\]", tool("readelf", "-d", library))
                           for library in libraries))
    for name in sorted(name for name in needed if not (folder / name).exists()):
        stand_in({symbol for symbol, version in wanted if version == name}, folder / name, name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("wheels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--architecture", type=int, default=90)
    parser.add_argument("--without-cuda", action="store_true", help="the machine has no libraries of this CUDA: its runtime "
                        "comes along, and stand-ins for the others")
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
        for pattern in [*part.kept, "VERSION", *(["libcudart.so.*"] if options.without_cuda else [])]:
            for file in work.glob(pattern):
                shutil.copy(file, options.out)
        for name, users in part.stood_in.items():
            stand_in_for(work / name, [work / user for user in users], options.out / name)
        if options.without_cuda:
            stand_in_for_cuda(sorted(options.out.glob("lib*.so")), options.out)


if __name__ == "__main__":
    main()
