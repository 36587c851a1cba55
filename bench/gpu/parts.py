"""The programs that a run needs, out of the archives of bench/gpu/pack or as they are named on the command line."""

import argparse
import fcntl
import glob
import hashlib
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from progress import progress

REPOSITORY = Path(__file__).resolve().parents[2]
# Archives of libraries that the GPU plugin opens, each in a folder rapids/. The real cuVS before the one that stands in for it
# among cuGraph's.
ANALYTICS = ("vectors", "analytics", "cudf")
CUDA = (13, 12)  # there is a set of them for each, but cuVS


@dataclass
class Parts:
    binary: Path                 # llamatelemetry
    server: Path                 # llama-server
    programs: Path | None        # the folder with stream_load; None where our own build is named
    environment: dict[str, str] = field(default_factory=dict)  # of llama-server: where CUDA's libraries are
    built: str = "named on the command line"
    analytics: dict[str, str] = field(default_factory=dict)  # of graph commands: where the GPU plugin and cuGraph are


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--work", type=Path, default=Path("/tmp/llt-gpu"), help="builds and models are kept here")
    parser.add_argument("--pack", type=Path, default=REPOSITORY / "build/gpu-pack", help="what bench/gpu/pack made")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", REPOSITORY / "build/bench")))
    parser.add_argument("--deadline", type=float, default=570.0, help="seconds after which nothing is begun or runs on")
    parser.add_argument("--llamatelemetry", type=Path, metavar="FILE", help="this program instead of the packed one")
    parser.add_argument("--llama-server", type=Path, metavar="FILE", help="this engine instead of the packed one")
    parser.add_argument("--cpu", action="store_true", help="try the script without a GPU, with tiny models")
    parser.add_argument("--cuda", type=int, choices=CUDA, default=CUDA[0], help="which set of RAPIDS' libraries analyses open")


def of_cuda(name: str, major: int) -> str:
    """An archive, a folder or a result of that set."""
    return name if major == CUDA[0] else f"{name}-cu{major}"


class Preparation:
    """Unpacks the programs and, where the pack has only llama.cpp's source, begins to build it; `binary` can be used at
    once. SystemExit with a sentence when something is not there."""

    def __init__(self, options):
        self.options = options
        options.out.mkdir(parents=True, exist_ok=True)
        options.work.mkdir(parents=True, exist_ok=True)
        self.build = None if options.llama_server else start_engine(options)
        self.programs = None if options.llamatelemetry else unpack_programs(options)
        self.binary = (options.llamatelemetry or self.programs / "llamatelemetry").resolve()

    def finish(self) -> Parts:
        """Waits for the engine; SystemExit with the end of the build's log when it did not build."""
        shared = {"binary": self.binary, "programs": self.programs, "analytics": analytics_environment(self.options)}
        if self.options.llama_server:
            return Parts(server=self.options.llama_server.resolve(), **shared)
        return Parts(**shared, **finish_engine(self.options, self.build))


def unpack(archive: Path, folder: Path) -> Path:
    """Once for each archive; several processes may want the same."""
    folder.mkdir(parents=True, exist_ok=True)
    note, content = folder / f".{archive.name}", hashlib.sha256(archive.read_bytes()).hexdigest()
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists() or note.read_text() != content:
            subprocess.run(["tar", "-C", folder, "-xJf", archive], check=True)
            note.write_text(content)
    return folder


def unpack_programs(options) -> Path:
    """What is not packed here may have come with an earlier call."""
    programs = options.work / "programs"
    for archive in (options.pack / "libraries.tar.xz", options.pack / "programs.tar.xz"):
        if archive.exists():
            unpack(archive, programs)
    if not (programs / "llamatelemetry").exists():
        raise SystemExit(f"{options.pack} has no programs: run bench/gpu/pack where there is a network, or name your own "
                         "programs with --llamatelemetry and --llama-server")
    return programs


def analytics_folders(options) -> list[Path]:
    """Where the GPU plugin is, and the libraries that it opens. What is not packed here may have come with an earlier
    call."""
    folders = []
    for name in (of_cuda(part, options.cuda) for part in ANALYTICS):
        archive, folder = options.pack / f"{name}.tar.xz", options.work / name
        if archive.exists():
            unpack(archive, folder)
        if (folder / "rapids").is_dir():
            folders.append(folder / "rapids")
    return [options.work / "programs", *folders] if folders else []


def analytics_environment(options) -> dict[str, str]:
    """Empty where nothing is packed: the analyses then take what this machine has installed, or what the environment
    names."""
    folders = [] if options.cpu else analytics_folders(options)
    if not folders:
        return {}
    paths = [*map(str, [*folders, *library_folders()])]
    before = [part for part in os.environ.get("LD_LIBRARY_PATH", "").split(":") if part and part not in paths]
    return {"LLAMATELEMETRY_RAPIDS": ":".join(map(str, folders)), "LD_LIBRARY_PATH": ":".join([*paths, *before])}


def for_both(parts: Parts) -> dict[str, str]:
    """The environment of a program that starts the engine and analyses: both find their libraries, the engine's first."""
    paths = [part for one in (parts.environment, parts.analytics) for part in one.get("LD_LIBRARY_PATH", "").split(":") if part]
    joined = {"LD_LIBRARY_PATH": ":".join(dict.fromkeys(paths))} if paths else {}
    return {**parts.environment, **parts.analytics, **joined}


def unpack_engine(options) -> Path | None:
    """None where no engine is packed, nor came with an earlier call."""
    archive, folder = options.pack / "engine.tar.xz", options.work / "packed-engine"
    if options.cpu:
        return None
    if archive.exists():
        unpack(archive, folder)
    return folder if (folder / "bin/llama-server").exists() else None


def start_engine(options) -> subprocess.Popen | None:
    """Starts to build the engine, or returns None when it is packed or an earlier run built it."""
    packed = unpack_engine(options)
    if packed and not missing_libraries(packed):
        return None
    if (options.work / "engine/bin/llama-server").exists():
        return None
    return start_engine_build(options)


def finish_engine(options, build: subprocess.Popen | None) -> dict:
    """The rest of `Parts`, when the build has ended."""
    packed = options.work / "packed-engine"
    if build is None and (packed / "bin/llama-server").exists() and not options.cpu:
        return {"server": packed / "bin/llama-server", "environment": cuda_environment(packed),
                "built": (packed / "built").read_text().strip()}
    if build is not None:
        progress("building llama.cpp")
        if build.wait():
            raise SystemExit("llama.cpp did not build:\n" + (options.work / "engine-build.log").read_text()[-3000:])
    return {"server": options.work / "engine/bin/llama-server", "built": "from source on this machine"}


def start_engine_build(options) -> subprocess.Popen:
    archive = options.pack / "llama.cpp.tar.xz"
    if not archive.exists():
        lacking = ", ".join(missing_libraries(options.work / "packed-engine"))
        raise SystemExit(f"the packed engine lacks {lacking or 'its archive'} and {archive} is not there to build one from: "
                         "put the folder of the CUDA 13 libraries into LD_LIBRARY_PATH, or pack the source")
    source = unpack(archive, options.work / "llama.cpp")
    # Without nvcc's own compression xz makes far less of it (bench/gpu/keep_engine).
    backend = [] if options.cpu else ["-DGGML_CUDA=ON", f"-DCMAKE_CUDA_ARCHITECTURES={architectures()}",
                                      "-DGGML_CUDA_COMPRESSION_MODE=none"]
    targets = ["llama-server", "ggml-cpu", *([] if options.cpu else ["ggml-cuda"])]
    configure = ["cmake", "-S", source, "-B", options.work / "engine", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                 "-DGGML_BACKEND_DL=ON", "-DGGML_NATIVE=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF",
                 "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF", "-DLLAMA_OPENSSL=OFF", "-DLLAMA_BUILD_APP=OFF",
                 "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON", "-DCMAKE_INSTALL_RPATH=$ORIGIN", *backend]
    with open(options.work / "engine-build.log", "wb") as log:
        subprocess.run([str(part) for part in configure], check=True, stdout=log, stderr=log)
        return subprocess.Popen(["ninja", "-C", str(options.work / "engine"), *targets], stdout=log, stderr=log)


def architectures() -> str:
    found = subprocess.run(["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"], capture_output=True,
                           text=True, check=True).stdout
    return ";".join(sorted({line.strip().replace(".", "") for line in found.splitlines() if line.strip()}))


def library_folders() -> list[Path]:
    """Where CUDA's libraries may be: LD_LIBRARY_PATH, the toolkit, NVIDIA's packages for this Python."""
    named = [Path(part) for part in os.environ.get("LD_LIBRARY_PATH", "").split(":") if part]
    toolkit = [Path("/usr/local/cuda/lib64"), Path("/usr/local/cuda/targets/x86_64-linux/lib")]
    packages = {sysconfig.get_path("purelib"), *sys.path}
    wheels = [Path(found) for base in sorted(packages) if base for found in sorted(glob.glob(f"{base}/nvidia/*/lib"))]
    return [folder for folder in [*named, *toolkit, *wheels] if folder.is_dir()]


def needed_libraries(engine: Path) -> list[str]:
    """CUDA's libraries that the packed engine does not bring along, by bench/gpu/pack."""
    needed = engine / "needed"
    return needed.read_text().split() if needed.exists() else []


def missing_libraries(engine: Path) -> list[str]:
    folders = library_folders()
    return [name for name in needed_libraries(engine) if not any((folder / name).exists() for folder in folders)]


def cuda_environment(engine: Path) -> dict[str, str]:
    """LD_LIBRARY_PATH with the folders that hold what the packed engine needs, and what it held before."""
    chosen: list[str] = []
    for name in needed_libraries(engine):
        folder = next(folder for folder in library_folders() if (folder / name).exists())
        if str(folder) not in chosen:
            chosen.append(str(folder))
    before = [part for part in os.environ.get("LD_LIBRARY_PATH", "").split(":") if part and part not in chosen]
    return {"LD_LIBRARY_PATH": ":".join([*chosen, *before])} if chosen or before else {}
