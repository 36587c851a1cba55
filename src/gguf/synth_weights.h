#pragma once
// Random weights in the layouts of the simple tensor types.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gguf/random_bytes.h"
#include "gguf/tensor_type.h"

namespace llt::gguf {

/// Types that SynthWeights can fill.
[[nodiscard]] std::span<const TensorTypeId> synth_types() noexcept;

/// Fills blocks of one type with values of about one standard deviation, evenly distributed.
class SynthWeights {
 public:
  /// `type` must be one of synth_types().
  SynthWeights(TensorTypeId type, double deviation);

  /// Fills `out`, whole blocks, with the next values of `random`.
  void fill(std::span<std::byte> out, Random& random) const;

 private:
  /// Bytes that every block has in common.
  struct Constant {
    std::size_t at = 0;
    std::vector<std::byte> bytes;
  };

  void fill_floats(std::span<std::byte> out, Random& random) const;

  std::size_t block_bytes_;
  std::vector<std::byte> table_;     ///< of plain floats: every value there is, 65536 of them
  std::vector<Constant> constants_;  ///< of quantised types
};

/// A number in IEEE half precision, rounded to nearest. Values beyond its range become infinite.
[[nodiscard]] std::uint16_t to_half(double value) noexcept;

}  // namespace llt::gguf
