# shellcheck shell=bash
# cuGraph, cuDF and cuVS: their headers, for compiling the GPU plugin anywhere, their libraries, for packing them, and all that
# they need on a machine with an NVIDIA driver.

cudf_headers=$LLT_CACHE/cudf-headers-$cudf_version
cugraph_headers=$LLT_CACHE/cugraph-headers-$cugraph_version
cuvs_headers=$LLT_CACHE/cuvs-headers-$cugraph_version

# of_cuda NAME MAJOR: the name for the set of that CUDA; the plain one is that of CUDA 13.
of_cuda() { if (($2 == 13)); then echo "$1"; else echo "$1-cu$2"; fi; }
cudf_wheels() { of_cuda "$LLT_CACHE/cudf-wheels-$cudf_version" "$1"; }
rapids_wheels() { of_cuda "$LLT_CACHE/rapids-wheels-$cugraph_version" "$1"; }

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
  unpack_headers "$wheel" "$cugraph_headers.new/cugraph_c" libcugraph/include/cugraph_c
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

# unpack_headers WHEEL FOLDER INSIDE...: the files below each INSIDE, a folder of the wheel's, into FOLDER.
unpack_headers() {
  "$(tools_python)" - "$@" <<'PYTHON'
import pathlib, sys, zipfile
wheel, target, *inside = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        for folder in inside:
            if name.startswith(folder + "/") and not name.endswith("/"):
                path = pathlib.Path(target, name[len(folder) + 1:])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))
PYTHON
}

# fetch_cuda_headers FOLDER: of CUDA's runtime, 3 MB; the compiler's own part of them is a package of its own.
fetch_cuda_headers() {
  local wheels=$partial/cuda-headers
  rm -rf "$wheels"
  rapids_download --platform manylinux2014_x86_64 -d "$wheels" "nvidia-cuda-runtime==$cuda_runtime_version" \
    "nvidia-cuda-crt==$cuda_runtime_version"
  verified "$(echo "$wheels"/nvidia_cuda_runtime-*.whl)" "$cuda_runtime_sha256" ||
    { echo "nvidia-cuda-runtime is not what was pinned" && return 1; }
  verified "$(echo "$wheels"/nvidia_cuda_crt-*.whl)" "$cuda_crt_sha256" ||
    { echo "nvidia-cuda-crt is not what was pinned" && return 1; }
  local wheel
  for wheel in "$wheels"/*.whl; do unpack_headers "$wheel" "$1" nvidia/cu13/include; done
  rm -rf "$wheels"
}

# fetch_cudf_headers: of 306 MB only the headers stay, 33 MB.
fetch_cudf_headers() {
  make_tools_python
  local wheels=$partial/cudf new=$cudf_headers.new
  rm -rf "$wheels" "$new"
  rapids_download -d "$wheels" "libcudf-cu13==$cudf_version" "librmm-cu13==$cugraph_version" \
    "rapids-logger==$rapids_logger_version"
  verified "$(echo "$wheels"/libcudf*.whl)" "$cudf_sha256" || { echo "libcudf is not what was pinned" && return 1; }
  verified "$(echo "$wheels"/librmm*.whl)" "$rmm_sha256" || { echo "librmm is not what was pinned" && return 1; }
  unpack_headers "$(echo "$wheels"/libcudf*.whl)" "$new/cudf" libcudf/include/cudf
  unpack_headers "$(echo "$wheels"/librmm*.whl)" "$new" librmm/include
  unpack_headers "$(echo "$wheels"/rapids_logger*.whl)" "$new" rapids_logger/include
  fetch_cuda_headers "$new"
  rm -rf "$wheels" "$cudf_headers"
  mv "$new" "$cudf_headers"
}

# need_cudf_headers: so that the plugin's tables and its memory limit are compiled.
need_cudf_headers() {
  [[ -e $cudf_headers/cudf/table/table.hpp && -e $cudf_headers/cuda_runtime.h ]] && return 0
  step "Fetch cuDF's headers (packages of 309 MB, once)" "Check that pip can reach its index." fetch_cudf_headers
  rm -f "$LLT_ROOT"/build/*/.configured-with
}

# fetch_dlpack_header FOLDER: one file of a package of 3 MB.
fetch_dlpack_header() {
  local wheels=$partial/dlpack
  rm -rf "$wheels"
  rapids_download --python-version 3.11 --implementation cp --abi cp311 -d "$wheels" "apache-tvm-ffi==$tvm_ffi_version"
  verified "$(echo "$wheels"/*.whl)" "$tvm_ffi_sha256" || { echo "apache-tvm-ffi is not what was pinned" && return 1; }
  unpack_headers "$(echo "$wheels"/*.whl)" "$1/dlpack" tvm_ffi/include/dlpack
  rm -rf "$wheels"
}

# fetch_cuvs_headers: of 241 MB only the headers stay, 2 MB.
fetch_cuvs_headers() {
  make_tools_python
  local wheels=$partial/cuvs new=$cuvs_headers.new
  rm -rf "$wheels" "$new"
  rapids_download -d "$wheels" "libcuvs-cu13==$cugraph_version"
  verified "$(echo "$wheels"/*.whl)" "$cuvs_sha256" || { echo "libcuvs is not what was pinned" && return 1; }
  unpack_headers "$(echo "$wheels"/*.whl)" "$new/cuvs" libcuvs/include/cuvs
  fetch_dlpack_header "$new"
  rm -rf "$wheels" "$cuvs_headers"
  mv "$new" "$cuvs_headers"
}

# need_cuvs_headers: so that the plugin's search for the nearest vectors is compiled.
need_cuvs_headers() {
  [[ -e $cuvs_headers/cuvs/neighbors/brute_force.h && -e $cuvs_headers/dlpack/dlpack.h ]] && return 0
  step "Fetch cuVS's headers (packages of 244 MB, once)" "Check that pip can reach its index." fetch_cuvs_headers
  rm -f "$LLT_ROOT"/build/*/.configured-with
}

# fetch_wheels FOLDER MAJOR PACKAGE...: for packing. The GPU machine has CUDA 13; of CUDA 12 the runtime comes along.
fetch_wheels() {
  local folder=$1 major=$2
  shift 2
  make_tools_python
  rm -rf "$folder.new"
  rapids_download -d "$folder.new" "librmm-cu$major==$cugraph_version" "libkvikio-cu$major==$cugraph_version" \
    "rapids-logger==$rapids_logger_version" "$@"
  ((major == 13)) ||
    rapids_download --platform manylinux2014_x86_64 -d "$folder.new" "nvidia-cuda-runtime-cu12==$cuda_runtime_12_version"
  rm -rf "$folder"
  mv "$folder.new" "$folder"
}

# fetch_rapids_wheels MAJOR: what bench/gpu/pack-analytics packs, and pack-vectors; 780 MB, for CUDA 12 1.4 GB.
fetch_rapids_wheels() {
  fetch_wheels "$(rapids_wheels "$1")" "$1" "libcugraph-cu$1==$cugraph_version" "libraft-cu$1==$cugraph_version" \
    "libcuvs-cu$1==$cugraph_version"
}

rapids_home=$LLT_CACHE/rapids

# rapids_packages MAJOR: what pip installs for that CUDA. cuRAND needs the CUDA runtime, and no package says so.
rapids_packages() { printf '%s\n' "libcugraph-cu$1==$cugraph_version" "libcudf-cu$1==$cudf_version" "cuda-toolkit[cudart]==$1.*"; }

# rapids_size MAJOR: the libraries for CUDA 12 have code for more GPUs, compressed less.
rapids_size() { if (($1 == 12)); then echo "3.9 GB to fetch, 6 GB on the disk"; else echo "1.6 GB to fetch, 3.2 GB on the disk"; fi; }

# install_rapids MAJOR: into the folder where the program looks for it; it appears there whole.
install_rapids() {
  make_tools_python
  rm -rf "$rapids_home.new"
  local packages
  mapfile -t packages < <(rapids_packages "$1")
  PIP_DISABLE_PIP_VERSION_CHECK=1 "$(tools_python)" -m pip install -q --only-binary=:all: \
    --target "$rapids_home.new" "${packages[@]}"
  [[ -e $rapids_home.new/libcugraph/lib64/libcugraph_c.so ]] || { echo "The packages hold no libcugraph_c.so." && return 1; }
  [[ -e $rapids_home.new/libcudf/lib64/libcudf.so ]] || { echo "The packages hold no libcudf.so." && return 1; }
  rapids_packages "$1" >"$rapids_home.new/.made-of"
  rm -rf "$rapids_home"
  mv "$rapids_home.new" "$rapids_home"
}

# link_headers INSIDE LINK: headers that the installed packages have stay there.
link_headers() {
  mkdir -p "$(dirname "$2")"
  ln -sfn "$rapids_home/$1" "$2"
}

# use_rapids_headers: the installed packages have what the plugin is compiled with, but for CUDA's own and DLPack's. Where
# those cannot be fetched the CPU does what needs them.
use_rapids_headers() {
  if [[ ! -e $cugraph_headers/cugraph_c/graph.h ]]; then
    link_headers libcugraph/include/cugraph_c "$cugraph_headers/cugraph_c"
    rm -f "$LLT_ROOT"/build/*/.configured-with
  fi
  use_cudf_headers && use_cuvs_headers
  return 0
}

use_cudf_headers() {
  [[ ! -e $cudf_headers/cudf/table/table.hpp || ! -e $cudf_headers/cuda_runtime.h ]] || return 0
  rm -rf "$cudf_headers"
  mkdir -p "$cudf_headers"
  if ! run_logged "Fetch CUDA's headers" fetch_cuda_headers "$cudf_headers"; then
    say "  ! CUDA's headers could not be fetched: tables and vectors will be analysed on the CPU. The whole output: $log_file"
    return 1
  fi
  link_headers libcudf/include/cudf "$cudf_headers/cudf"
  local header
  for header in "$rapids_home"/librmm/include/* "$rapids_home"/rapids_logger/include/*; do
    ln -sfn "$header" "$cudf_headers/$(basename "$header")"
  done
  rm -f "$LLT_ROOT"/build/*/.configured-with
}

use_cuvs_headers() {
  [[ ! -e $cuvs_headers/cuvs/neighbors/brute_force.h || ! -e $cuvs_headers/dlpack/dlpack.h ]] || return 0
  rm -rf "$cuvs_headers"
  mkdir -p "$cuvs_headers"
  if ! run_logged "Fetch DLPack's header" fetch_dlpack_header "$cuvs_headers"; then
    say "  ! DLPack's header could not be fetched: vectors will be compared on the CPU. The whole output: $log_file"
    return 1
  fi
  link_headers libcuvs/include/cuvs "$cuvs_headers/cuvs"
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
    say "  … Install RAPIDS for CUDA $major, for analytics on the GPU ($(rapids_size "$major"), once)"
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
