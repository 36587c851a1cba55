"""Random-weight GGUF models for tests and benchmarks (see tools/README.md)."""
