# shellcheck shell=bash
# cuGraph: its C headers, for compiling the GPU plugin anywhere, its libraries, for packing them, and all that it
# needs on a machine with an NVIDIA driver.

cugraph_headers=$LLT_CACHE/cugraph-headers-$cugraph_version
rapids_wheels=$LLT_CACHE/rapids-wheels-$cugraph_version

rapids_download() {
  PIP_DISABLE_PIP_VERSION_CHECK=1 "$(tools_python)" -m pip download -q --no-deps --only-binary=:all: \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_24_x86_64 "$@"
}

# fetch_cugraph_headers: there is no smaller package with them; of its 510 MB only the headers stay.
fetch_cugraph_headers() {
  make_tools_python
  mkdir -p "$partial"
  rm -rf "$partial/cugraph" "$cugraph_headers.new"
  rapids_download -d "$partial/cugraph" "libcugraph-cu13==$cugraph_version"
  local wheel
  wheel=$(echo "$partial"/cugraph/*.whl)
  verified "$wheel" "$cugraph_sha256" || { echo "$wheel is not what was pinned" && return 1; }
  mkdir -p "$cugraph_headers.new"
  "$(tools_python)" - "$wheel" "$cugraph_headers.new" <<'PYTHON'
import pathlib, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith("libcugraph/include/cugraph_c/"):
            target = pathlib.Path(sys.argv[2], "cugraph_c", pathlib.Path(name).name)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(wheel.read(name))
PYTHON
  rm -rf "$partial/cugraph" "$cugraph_headers"
  mv "$cugraph_headers.new" "$cugraph_headers"
}

# need_cugraph_headers: so that the plugin is compiled. A tree that was configured without them is configured anew.
need_cugraph_headers() {
  [[ -e $cugraph_headers/cugraph_c/graph.h ]] && return 0
  step "Fetch cuGraph's headers (a package of 510 MB, once)" \
    "Check that pip can reach its index." fetch_cugraph_headers
  rm -f "$LLT_ROOT"/build/*/.configured-with
}

# fetch_rapids_wheels: what bench/gpu/pack-analytics packs; 780 MB.
fetch_rapids_wheels() {
  make_tools_python
  rm -rf "$rapids_wheels.new"
  rapids_download -d "$rapids_wheels.new" "libcugraph-cu13==$cugraph_version" "libraft-cu13==$cugraph_version" \
    "librmm-cu13==$cugraph_version" "libkvikio-cu13==$cugraph_version" "libcuvs-cu13==$cugraph_version" \
    "rapids-logger==$rapids_logger_version"
  rm -rf "$rapids_wheels"
  mv "$rapids_wheels.new" "$rapids_wheels"
}

rapids_home=$LLT_CACHE/rapids

# rapids_packages MAJOR: what pip installs for that CUDA. cuRAND needs the CUDA runtime, and no package says so.
rapids_packages() { printf '%s\n' "libcugraph-cu$1==$cugraph_version" "cuda-toolkit[cudart]==$1.*"; }

# install_rapids MAJOR: into the folder where the program looks for it; it appears there whole.
install_rapids() {
  make_tools_python
  rm -rf "$rapids_home.new"
  local packages
  mapfile -t packages < <(rapids_packages "$1")
  PIP_DISABLE_PIP_VERSION_CHECK=1 "$(tools_python)" -m pip install -q --only-binary=:all: \
    --target "$rapids_home.new" "${packages[@]}"
  [[ -e $rapids_home.new/libcugraph/lib64/libcugraph_c.so ]] || { echo "The packages hold no libcugraph_c.so." && return 1; }
  rapids_packages "$1" >"$rapids_home.new/.made-of"
  rm -rf "$rapids_home"
  mv "$rapids_home.new" "$rapids_home"
}

# use_rapids_headers: the installed package has what the plugin is compiled with, so nothing more is fetched for it.
use_rapids_headers() {
  [[ -e $cugraph_headers/cugraph_c/graph.h ]] && return 0
  mkdir -p "$cugraph_headers"
  ln -sfn "$rapids_home/libcugraph/include/cugraph_c" "$cugraph_headers/cugraph_c"
  rm -f "$LLT_ROOT"/build/*/.configured-with
}

# need_rapids: for analytics on the GPU, where an NVIDIA driver is. Whatever goes wrong is one line: serving does not
# need it, and analytics go on with the CPU. To be called before the build, which then compiles the plugin.
need_rapids() {
  nvidia_driver_present || return 0
  [[ -z ${LLAMATELEMETRY_RAPIDS:-} ]] || return 0
  local major failed=$LLT_CACHE/.rapids-failed
  if ! major=$(driver_cuda); then
    say "  ! The NVIDIA driver runs no CUDA 12 or newer: analytics will use the CPU."
    return 0
  fi
  if [[ $(cat "$rapids_home/.made-of" 2>/dev/null) != "$(rapids_packages "$major")" ]]; then
    if [[ -e $failed ]]; then
      say "  ! RAPIDS could not be installed before; analytics will use the CPU. To try again: rm '$failed'"
      return 0
    fi
    say "  … Install RAPIDS for CUDA $major, for analytics on the GPU (1.3 GB to fetch, 2.8 GB on the disk, once)"
    if ! run_logged "Install RAPIDS" install_rapids "$major"; then
      : >"$failed"
      rm -rf "$rapids_home.new"
      say "  ! RAPIDS could not be installed; analytics will use the CPU. The whole output: $log_file"
      return 0
    fi
    say "  ✓ Install RAPIDS"
  fi
  use_rapids_headers
}
