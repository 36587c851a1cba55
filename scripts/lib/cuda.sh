# shellcheck shell=bash
# The engine with CUDA, for the NVIDIA cards that are in this machine.

cuda_wheels=$LLT_CACHE/cuda

nvidia_driver_present() {
  [[ -e /proc/driver/nvidia/version || -e /dev/nvidiactl ]] || { have nvidia-smi && nvidia-smi -L >/dev/null 2>&1; }
}

# gpu_architectures: the cards' compute capabilities as CMake wants them, e.g. "75" or "75;90".
gpu_architectures() {
  nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | tr -d '. ' | grep -E '^[0-9]+$' | sort -un | paste -sd';'
}

# driver_cuda: the newest CUDA major version that the driver runs, 12 or 13.
driver_cuda() {
  local major
  major=$(nvidia-smi 2>/dev/null | sed -nE 's/.*CUDA Version: *([0-9]+)\..*/\1/p')
  ((${major:-0} >= 13)) && echo 13 && return
  ((${major:-0} == 12)) && echo 12 && return
  return 1
}

# installed_nvcc: an installed toolkit's compiler, if its major version is one that the driver runs.
installed_nvcc() {
  local nvcc release
  nvcc=$(command -v nvcc || ls -1 /usr/local/cuda/bin/nvcc 2>/dev/null) || return 1
  release=$("$nvcc" --version | sed -nE 's/.*release ([0-9]+)\..*/\1/p')
  ((release >= 12 && release <= $1)) && echo "$nvcc"
}

# fetch_cuda_13: NVIDIA's compiler packages from PyPI; they share one folder, which serves as the toolkit.
# There is no such thing for CUDA 12: its packages hold an assembler but no nvcc.
fetch_cuda_13() {
  pip_environment "$cuda_wheels/13" "nvidia-cuda-nvcc==13.0.*" "nvidia-cuda-crt==13.0.*" "nvidia-nvvm==13.0.*" \
    "nvidia-cuda-runtime==13.0.*" "nvidia-cuda-cccl==13.0.*" "nvidia-cublas>=13,<13.2"
  ln -sfn "$(echo "$cuda_wheels"/13/lib/python*/site-packages/nvidia/cu13)" "$cuda_wheels/toolkit-13"
}

# finish_toolkit FOLDER: what the packages lack: the names without version that the linker looks for, and lib64.
finish_toolkit() {
  local library plain
  for library in "$1"/lib/*.so.*; do
    plain=${library%%.so.*}.so
    [[ -e $plain ]] || ln -s "$(basename "$library")" "$plain"
  done
  [[ -e $1/lib64 ]] || ln -s lib "$1/lib64"
  chmod +x "$1"/bin/* "$1"/nvvm/bin/* 2>/dev/null || true
}

# nvcc_works NVCC: whether it compiles a kernel with this machine's C++ compiler; needs no GPU.
nvcc_works() {
  local folder
  folder=$(mktemp -d)
  echo '__global__ void twice(float* x) { x[threadIdx.x] *= 2; }' >"$folder/try.cu"
  local status=0
  "$1" -c "$folder/try.cu" -o "$folder/try.o" || status=$?
  rm -rf "$folder"
  return "$status"
}

# cuda_backend: the engine's name, e.g. cuda13-sm75.
cuda_backend() { echo "cuda$1-sm$(tr ';' '-' <<<"$2")"; }

build_cuda_engine() {
  local major=$1 architectures=$2 nvcc toolkit=''
  unpack_llama
  if ! nvcc=$(installed_nvcc "$major"); then
    if ((major < 13)); then
      echo "The driver runs CUDA $major: install the CUDA $major toolkit (nvcc), or a driver of version 580 or newer."
      return 1
    fi
    fetch_cuda_13
    toolkit=$cuda_wheels/toolkit-13
    finish_toolkit "$toolkit"
    nvcc=$toolkit/bin/nvcc
  fi
  nvcc_works "$nvcc"
  local root driver
  root=$(cd "$(dirname "$(readlink -f "$nvcc")")/.." && pwd)
  # PyPI has no stub of the driver's library; the driver itself is here, so link with that.
  driver=$(ldconfig -p | awk '/libcuda\.so\.1 / && !seen++ { print $NF }')
  local memory=-DGGML_CUDA_NO_VMM=ON
  [[ -z $driver ]] || memory=-DCUDA_cuda_driver_LIBRARY=$driver
  build_llama "$(cuda_backend "$major" "$architectures")" -DGGML_CUDA=ON "$memory" \
    "-DCMAKE_CUDA_ARCHITECTURES=$architectures" "-DCMAKE_CUDA_COMPILER=$nvcc" "-DCUDAToolkit_ROOT=${toolkit:-$root}" \
    "-DCMAKE_INSTALL_RPATH=\$ORIGIN;${toolkit:-$root}/lib;${toolkit:-$root}/lib64"
}

# need_cuda_engine: returns false, having said why, when only the CPU engine is to be had.
need_cuda_engine() {
  local architectures major failed
  architectures=$(gpu_architectures || true)
  if [[ -z $architectures ]] || ! major=$(driver_cuda); then
    say "  ! An NVIDIA driver is here, but nvidia-smi names no card with CUDA 12 or newer: the engine will run on the CPU."
    return 1
  fi
  engine_is_built "$(cuda_backend "$major" "$architectures")" && return 0
  failed=$engine_home/.$(cuda_backend "$major" "$architectures")-failed
  if [[ -e $failed ]]; then
    say "  ! The engine could not be built with CUDA before; it will run on the CPU. To try again: rm '$failed'"
    return 1
  fi
  say "  … Build the engine with CUDA $major for compute capability $architectures (once; minutes)"
  if run_logged "Build the engine with CUDA" build_cuda_engine "$major" "$architectures"; then
    say "  ✓ Build the engine with CUDA"
    return 0
  fi
  mkdir -p "$engine_home"
  : >"$failed"
  say "  ! The engine could not be built with CUDA: it will run on the CPU, much slower. Its last words:"
  tail -n 4 "$log_file" | sed 's/^/    | /' >&2
  say "    The whole output: $log_file"
  return 1
}
