# shellcheck shell=bash
# The archives of bench/gpu/pack and bench/gpu/pack-analytics.

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
  grep -qs 'LLAMATELEMETRY_TESTS:BOOL=ON' "$release/CMakeCache.txt" || configure release -DLLAMATELEMETRY_TESTS=OFF
  compile release backend_bench llamatelemetry_rapids
}

# pack_analytics ARCHITECTURE: the programs with their libraries in lib/, cuGraph's in rapids/.
pack_analytics() {
  local folder=$gpu_pack/analytics program=$release/src/analytics/backend_bench file
  rm -rf "$folder"
  mkdir -p "$folder/lib"
  needed_libraries "$program" | xargs -I{} cp -L {} "$folder/lib/"
  cp "$program" "$release/libllamatelemetry_rapids.so" "$folder/"
  for file in "$folder"/lib/* "$folder/backend_bench" "$folder/libllamatelemetry_rapids.so"; do
    chmod u+w "$file"
    strip --strip-unneeded "$file" || true
  done
  for file in "$folder"/lib/*; do patchelf --force-rpath --set-rpath "\$ORIGIN" "$file"; done
  patchelf --force-rpath --set-rpath "\$ORIGIN/lib" "$folder/backend_bench"
  python3 "$LLT_ROOT/bench/gpu/slim.py" "$rapids_wheels" "$folder/rapids" --architecture "$1"
  XZ_OPT="-6 -T0" tar -C "$folder" -cJf "$gpu_pack/analytics.tar.xz" .
  rm -rf "$folder"
}
