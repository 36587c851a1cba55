# shellcheck shell=bash
# The archives of bench/gpu/pack, and of pack-analytics, pack-tables and pack-vectors.

gpu_pack=$LLT_ROOT/build/gpu-pack

# pack_source: llama.cpp without what a CUDA build of llama-server does not read.
pack_source() {
  mkdir -p "$gpu_pack"
  local leave_out=(docs tests media benches "models/*.gguf" tools/ui/src tools/ui/static tools/ui/tests) other
  for other in webgpu openvino et metal hexagon sycl vulkan opencl cann hip musa zdnn zendnn virtgpu rpc blas; do
    leave_out+=("ggml/src/ggml-$other")
  done
  XZ_OPT="-6 -T0" tar -C "$llama_source" -cJf "$gpu_pack/llama.cpp.tar.xz" "${leave_out[@]/#/--exclude=./}" .
}

# cuda_engine: the folder of the newest engine for compute capability 9.0 in the cache, if there is one.
cuda_engine() {
  local found
  found=$(compgen -G "$engine_home/llama.cpp-*-cuda*-sm90/bin/llama-server" | sort -V | tail -n 1) || return 1
  [[ -n $found ]] && dirname "$(dirname "$found")"
}

# needed_names FILE...: the libraries that they name, each once.
needed_names() { readelf -d "$@" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | sort -u; }

# pack_engine FOLDER: llama-server with its libraries. What it needs of CUDA is not packed, but named in `needed`:
# the GPU machine has it. GCC's OpenMP comes along, since a machine without a compiler lacks it.
pack_engine() {
  local folder=$gpu_pack/engine want name
  want=$(sha256sum "$1"/bin/* | sha256sum)
  [[ -e $gpu_pack/engine.tar.xz && $(cat "$gpu_pack/.engine" 2>/dev/null) == "$want" ]] && return 0
  rm -rf "$folder"
  mkdir -p "$folder/bin"
  cp -a "$1"/bin/* "$folder/bin/"
  needed_names "$folder"/bin/* | awk '/^lib(cu|nv|nccl)/ && !/^libcuda\.so/' >"$folder/needed"
  for name in $(needed_names "$folder"/bin/* | grep -E '^libgomp'); do
    cp -L "$(ldconfig -p | awk -v name="$name" '$1 == name { print $NF; exit }')" "$folder/bin/"
  done
  find "$folder/bin" -type f -exec strip --strip-unneeded {} \; -exec patchelf --force-rpath --set-rpath "\$ORIGIN" {} \;
  echo "$(basename "$1"), built where it was packed" >"$folder/built"
  XZ_OPT="-9e -T1" tar -C "$folder" -cJf "$gpu_pack/engine.tar.xz" .
  rm -rf "$folder"
  echo "$want" >"$gpu_pack/.engine"
}

# tell_size: what one visit to a GPU machine has to carry, and whether that is much.
tell_size() {
  local most=$((60 << 20)) tree packed
  tree=$(git -C "$LLT_ROOT" ls-files -z --cached --others --exclude-standard | (cd "$LLT_ROOT" && du -cb --files0-from=-) | awk 'END { print $1 }')
  packed=$(du -cb "$gpu_pack"/*.xz | awk 'END { print $1 }')
  say "  the repository has $((tree >> 20)) MiB, $gpu_pack $((packed >> 20)) MiB"
  ((tree + packed <= most)) || say "  ! that is more than $((most >> 20)) MiB: leave behind what a visit does not need"
}

# needed_libraries PROGRAM...: every library that the programs load, except glibc's own.
needed_libraries() {
  ldd "$@" | awk '$3 ~ /^\// { print $3 }' | sort -u |
    { grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv|ld-linux[^/]*)\.so' || true; }
}

# pack_libraries PROGRAM...: the libraries, each finding the others beside itself; again only when one changed.
pack_libraries() {
  local want folder=$gpu_pack/libraries file
  want=$(needed_libraries "$@" | xargs sha256sum | sha256sum)
  [[ -e $gpu_pack/libraries.tar.xz && $(cat "$gpu_pack/.libraries" 2>/dev/null) == "$want" ]] && return 0
  rm -rf "$folder"
  mkdir -p "$folder/lib"
  needed_libraries "$@" | xargs -I{} cp -L {} "$folder/lib/"
  for file in "$folder"/lib/*; do
    chmod u+w "$file"
    strip --strip-unneeded "$file" || true
    patchelf --force-rpath --set-rpath "\$ORIGIN" "$file"
  done
  XZ_OPT="-4 -T0" tar -C "$folder" -cJf "$gpu_pack/libraries.tar.xz" .
  rm -rf "$folder"
  echo "$want" >"$gpu_pack/.libraries"
}

# pack_programs PROGRAM...: the programs, which look for their libraries in lib/ beside themselves.
pack_programs() {
  local folder=$gpu_pack/programs program
  rm -rf "$folder"
  mkdir -p "$folder"
  for program; do
    cp "$program" "$folder/"
    strip --strip-unneeded "$folder/$(basename "$program")"
    patchelf --force-rpath --set-rpath "\$ORIGIN/lib" "$folder/$(basename "$program")"
  done
  XZ_OPT="-4 -T0" tar -C "$folder" -cJf "$gpu_pack/programs.tar.xz" .
  rm -rf "$folder"
}

build_analytics_bench() {
  configure_program
  compile release backend_bench llamatelemetry_rapids
}

# pack_arguments [--cuda MAJOR] [ARCHITECTURE]: sets `cuda` and `architecture`; the default is CUDA 13 and 90, H100 and H200.
pack_arguments() {
  cuda=13
  [[ ${1:-} != --cuda ]] || { cuda=${2:-} && shift $(($# < 2 ? 1 : 2)); }
  architecture=${1:-90}
  [[ $cuda == 12 || $cuda == 13 ]] || fail "There are sets for CUDA 12 and 13: --cuda 12 or --cuda 13."
  [[ $architecture =~ ^[0-9]+$ && $# -le 1 ]] || fail "$* is no GPU architecture. Name one as 90 for H100 and H200."
}

# slimmed PART WHEELS FOLDER MAJOR ARCHITECTURE: FOLDER/rapids. The GPU machine has the libraries of CUDA 13.
slimmed() {
  local without=()
  (($4 == 13)) || without=(--without-cuda)
  rm -rf "$3"
  mkdir -p "$3"
  python3 "$LLT_ROOT/bench/gpu/slim.py" "$1" "$2" "$3/rapids" --architecture "$5" "${without[@]}"
}

# pack_analytics MAJOR ARCHITECTURE: the libraries that the GPU plugin opens for graphs.
pack_analytics() {
  local folder
  folder=$gpu_pack/$(of_cuda analytics "$1")
  slimmed graphs "$(rapids_wheels "$1")" "$folder" "$1" "$2"
  XZ_OPT="-6 -T0" tar -C "$folder" -cJf "$folder.tar.xz" .
  rm -rf "$folder"
}

build_table_bench() {
  configure_program
  compile release table_bench llamatelemetry_rapids
}

# all_symbols_found LIBRARY FOLDER: whether what the plugin leaves undefined of RAPIDS and CUDA is in the libraries that it
# will open. The compiler does not see them: this is what linking would do.
all_symbols_found() {
  local missing
  missing=$(comm -23 \
    <(nm -D --undefined-only "$1" | awk '{ print $NF }' | grep -E 'cudf|rmm|rapids_logger|^cuvs' | sort -u) \
    <(nm -D --defined-only "$2"/*.so* | awk '{ print $NF }' | sed 's/@.*//' | sort -u))
  [[ -z $missing ]] || { echo "$1 wants what no library has: $missing" && return 1; }
}

# pack_cudf MAJOR ARCHITECTURE: its libraries, in rapids/; again only when other wheels came. zlib is the system's elsewhere.
pack_cudf() {
  local wheels name folder want
  wheels=$(cudf_wheels "$1") name=$(of_cuda cudf "$1") folder=$gpu_pack/$(of_cuda cudf "$1")
  want="$2 $(cd "$wheels" && echo ./*.whl)"
  [[ -d $folder && -e $folder.tar.xz && $(cat "$gpu_pack/.$name" 2>/dev/null) == "$want" ]] && return 0
  slimmed tables "$wheels" "$folder" "$1" "$2"
  cp -L "$(ldconfig -p | awk '$1 == "libz.so.1" { print $NF; exit }')" "$folder/rapids/"
  XZ_OPT="-6 -T0" tar -C "$folder" -cJf "$folder.tar.xz" .
  echo "$want" >"$gpu_pack/.$name"
}

build_vector_bench() {
  configure_program
  compile release vector_bench llamatelemetry_rapids
}

# pack_vectors ARCHITECTURE: cuVS's libraries for CUDA 13, in rapids/; again only when other wheels came.
pack_vectors() {
  local wheels folder=$gpu_pack/vectors want
  wheels=$(rapids_wheels 13)
  want="$1 $(cd "$wheels" && echo ./*.whl)"
  [[ -d $folder && -e $folder.tar.xz && $(cat "$gpu_pack/.vectors" 2>/dev/null) == "$want" ]] && return 0
  slimmed vectors "$wheels" "$folder" 13 "$1"
  cp -L "$(ldconfig -p | awk '$1 == "libz.so.1" { print $NF; exit }')" "$folder/rapids/"
  XZ_OPT="-9e -T0" tar -C "$folder" -cJf "$folder.tar.xz" .
  echo "$want" >"$gpu_pack/.vectors"
}
