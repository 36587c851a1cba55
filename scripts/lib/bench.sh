# shellcheck shell=bash
# What scripts/bench builds and fetches.

bench_tools=$LLT_ROOT/build/bench
litellm_venv=$LLT_CACHE/litellm-$litellm_version

build_bench_tools() {
  cmake -S "$LLT_ROOT/bench" -B "$bench_tools" -G Ninja -DCMAKE_BUILD_TYPE=Release
  cmake --build "$bench_tools"
}

need_litellm() {
  [[ -e $litellm_venv/.made-of ]] && return 0
  step "Fetch LiteLLM $litellm_version" "Check that pip can reach its index, or leave out --with-litellm." \
    pip_environment "$litellm_venv" "litellm[proxy]==$litellm_version"
}
