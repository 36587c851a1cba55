#pragma once
// Which device llama.cpp gives each layer to.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace llt::placement {

inline constexpr int kHost = -1;  ///< RAM and the processor

/// One entry for each of `layers` and one more for the output: kHost or an index into `shares`. `shares` are
/// not negative and not all zero, or empty: everything stays on the host. `offloaded` counts from the end,
/// the output first; nothing means all. As llama_model_base::load_tensors of llama.cpp 11434 does it, in
/// floats.
[[nodiscard]] std::vector<int> layer_homes(std::size_t layers, std::span<const double> shares,
                                           std::optional<std::uint64_t> offloaded);

}  // namespace llt::placement
