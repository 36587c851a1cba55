#pragma once
// What cannot be derived from llama.cpp's source: estimates, and where they come from.

#include <cstdint>

namespace llt::placement {

inline constexpr std::uint64_t kMebibyte = 1ull << 20;

/// What a llama-server process holds on each card besides its buffers: CUDA's context, the code of the
/// kernels, cuBLAS and ggml's pool. Estimate. Measured on two H100s with CUDA 13 (docs/placement.md), 109
/// cards: 597 to 617 MiB where ggml's own kernels do all products, 698 to 725 MiB where cuBLAS does some of
/// them (f16 weights, experts, FlashAttention off). Smaller cards usually need less.
inline constexpr std::uint64_t kEngineContextBytes = 612 * kMebibyte;

/// More of it on each card with --split-mode tensor, where cards exchange their sums. Estimate from four
/// cards of the same measurement: 794 to 833 MiB. Held against 36 others on two H200s since: 742 to 857 MiB,
/// and up to 974 where cuBLAS's part is in it.
inline constexpr std::uint64_t kTensorModeBytes = 814 * kMebibyte;

/// Left alone on each card: what the driver keeps for itself where it does not tell (nvidia-smi's "Reserved";
/// 480 MiB on an H100), and some room for fragmentation. Our choice.
inline constexpr std::uint64_t kReserveBytes = 512 * kMebibyte;
/// Besides what the driver keeps for itself where it does tell. Our choice.
inline constexpr std::uint64_t kFragmentationBytes = 128 * kMebibyte;

/// A CUDA context for analytics in a process of its own. Taken to be as large as the engine's.
inline constexpr std::uint64_t kAnalyticsContextBytes = kEngineContextBytes;

/// Device memory for each row of spans under analysis: about 64 bytes of columns (ids, times, codes of
/// names), and twice that again while they are sorted or joined. Estimate, not measured.
inline constexpr std::uint64_t kAnalyticsBytesPerRow = 192;

/// Device memory for each edge of a graph: two 4-byte ends and a 4-byte weight as a list, the same
/// compressed, and the lists that renumbering and the algorithm need. Estimate, not measured.
inline constexpr std::uint64_t kAnalyticsBytesPerEdge = 64;

/// Copies of the inputs of a graph that spreads over several cards (GGML_SCHED_MAX_COPIES in ggml's CMake).
inline constexpr std::uint64_t kPipelineCopies = 4;

/// 8-bit integer tensor cores do twice the f16 rate on every card in card.cc (their data sheets); ggml
/// multiplies quantised weights with them.
inline constexpr double kInt8Factor = 2;

}  // namespace llt::placement
