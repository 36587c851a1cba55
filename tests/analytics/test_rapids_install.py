"""What scripts/run does about RAPIDS: only where an NVIDIA driver is, the set that it can run, and never a reason to fail.
A made-up nvidia-smi and a pip that writes down what it is asked for stand in for both."""

import os
import subprocess
from pathlib import Path

import pytest


SCRIPTS = Path(__file__).parents[2] / "scripts"
CU13 = "libcugraph-cu13==26.10.0 libcudf-cu13==26.10.2 cuda-toolkit[cudart]==13.*"
CU12 = "libcugraph-cu12==26.10.0 libcudf-cu12==26.10.2 cuda-toolkit[cudart]==12.*"


@pytest.fixture
def machine(tmp_path):
    """machine(cuda, pip): runs need_rapids on a machine with that driver ('': none); gives what it said and asked pip for."""
    tools, cache = tmp_path / "bin", tmp_path / "cache"
    tools.mkdir()
    pip = cache / "llamatelemetry" / "tools-venv" / "bin" / "python"
    pip.parent.mkdir(parents=True)

    def run(cuda: str, pip_does: str = "works", **environment) -> tuple[str, str]:
        if cuda:
            smi = tools / "nvidia-smi"
            smi.write_text(f"#!/bin/sh\necho 'GPU 0: made up'\necho '| Driver Version: 1   CUDA Version: {cuda} |'\n")
            smi.chmod(0o755)
        check = tools / "sha256sum"  # of CUDA's headers, which are no more than names here
        check.write_text('#!/bin/sh\n[ "$1" = --status ] || exec /usr/bin/sha256sum "$@"\n')
        check.chmod(0o755)
        asked = tmp_path / "asked"
        asked.unlink(missing_ok=True)
        pip.write_text(f"""#!/bin/bash
[[ $3 == --version || $1 == - ]] && exit 0
if [[ $3 == download ]]; then
  while [[ $1 != -d ]]; do shift; done
  mkdir -p "$2" && touch "$2"/nvidia_cuda_{{runtime,crt}}-1.whl  # DLPack's comes alone
  [[ $2 != *dlpack ]] || rm "$2"/nvidia_cuda_crt-1.whl
  exit 0
fi
echo "$@" >>'{asked}'
[[ {pip_does} == works ]] || exit 1
while [[ $1 != --target ]]; do shift; done
mkdir -p "$2"/lib{{cugraph,cudf}}/lib64 "$2"/libcugraph/include/cugraph_c "$2"/libcudf/include/cudf/table "$2"/libcuvs/include/cuvs/neighbors
touch "$2"/libcudf/lib64/libcudf.so "$2"/libcudf/include/cudf/table/table.hpp
touch "$2"/libcuvs/include/cuvs/neighbors/brute_force.h
touch "$2"/libcugraph/lib64/libcugraph_c.so "$2"/libcugraph/include/cugraph_c/graph.h
""")
        pip.chmod(0o755)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LLAMATELEMETRY_")}
        script = f"source '{SCRIPTS}/lib/common.sh'; start_log; LLT_ROOT='{tmp_path}'; nvidia_driver_present() {{ have nvidia-smi; }}; need_rapids"
        done = subprocess.run(["bash", "-c", script, "scripts/run"], text=True, capture_output=True, timeout=50, cwd=tmp_path,
                              env={**kept, "PATH": f"{tools}:/usr/bin:/bin", "XDG_CACHE_HOME": str(cache), **environment})
        assert done.returncode == 0 and done.stdout == "", done.stderr
        return done.stderr, asked.read_text() if asked.exists() else ""

    run.home = cache / "llamatelemetry"
    return run


def test_nothing_is_fetched_without_a_driver(machine):
    assert machine("") == ("", "")


@pytest.mark.parametrize("cuda, packages", [("13.0", CU13), ("13.2", CU13), ("12.4", CU12), ("14.1", CU13)])
def test_the_set_that_the_driver_runs_once(machine, cuda, packages):
    said, asked = machine(cuda)
    assert packages in asked and asked.count("\n") == 1
    assert f"for CUDA {packages.split('-cu')[1][:2]}" in said and said.count("\n") == 2
    assert ("3.9 GB to fetch" if packages == CU12 else "1.6 GB to fetch") in said
    assert (machine.home / "cugraph-headers-26.10.0" / "cugraph_c" / "graph.h").exists()  # so that the plugin is compiled
    assert (machine.home / "cudf-headers-26.10.2" / "cudf" / "table" / "table.hpp").exists()
    assert (machine.home / "cuvs-headers-26.10.0" / "cuvs" / "neighbors" / "brute_force.h").exists()
    assert machine(cuda) == ("", "")


def test_another_driver_gets_another_set(machine):
    machine("12.4")
    assert CU13 in machine("13.0")[1]


def test_an_old_driver_gets_a_line(machine):
    said, asked = machine("11.8")
    assert asked == "" and said.count("\n") == 1 and "analytics will use the CPU" in said


def test_a_failure_is_a_line_and_is_not_repeated(machine):
    said, _ = machine("13.0", "fails")
    assert "could not be installed" in said.splitlines()[-1] and not (machine.home / "rapids").exists()
    said, asked = machine("13.0")
    assert asked == "" and said.count("\n") == 1 and "To try again: rm" in said


def test_the_users_own_is_respected(machine):
    assert machine("13.0", LLAMATELEMETRY_RAPIDS="/opt/rapids") == ("", "")
