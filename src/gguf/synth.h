#pragma once
// Random-weight models of the Llama shape (or, with a sliding window, of Gemma 3's), for benchmarks and
// tests: real speed, text without meaning.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.h"
#include "gguf/tensor_type.h"

namespace llt::gguf {

/// A model's shape. The defaults give about 125 million parameters.
struct SynthShape {
  std::uint64_t layers = 12;
  std::uint64_t embedding = 768;
  std::uint64_t feed_forward = 2048;  ///< of each expert, when there are any
  std::uint64_t heads = 12;
  std::uint64_t kv_heads = 4;
  std::uint64_t vocabulary = 32'000;  ///< tokens
  std::uint64_t context = 8192;       ///< tokens that the model says it was trained on
  std::uint64_t experts = 0;          ///< 0: dense
  std::uint64_t experts_used = 2;     ///< for each token; without meaning in a dense model
  std::uint64_t window = 0;           ///< tokens of a sliding window, as in Gemma 3; 0: none, as in Llama
  TensorTypeId type = 2;              ///< of all matrices; one of synth_types()
  std::uint64_t seed = 1;
  std::string name = "synth";
};

/// What cannot be built fails with invalid_argument, naming the flag of `llamatelemetry synth`.
[[nodiscard]] Result<> check_shape(const SynthShape& shape);

struct SynthResult {
  std::uint64_t file_bytes = 0;
  std::uint64_t parameters = 0;
};

/// Called with bytes written and bytes in all, a few times a second's worth of writing; false stops.
using SynthProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Writes the model; the same shape and seed give the same bytes. Holds a few megabytes in memory. The file
/// appears when it is complete; errors (invalid_argument, not_found, permission_denied, resource_exhausted,
/// unavailable when stopped) leave nothing behind.
[[nodiscard]] Result<SynthResult> synthesise(const std::filesystem::path& path, const SynthShape& shape,
                                             const SynthProgress& progress);

}  // namespace llt::gguf
