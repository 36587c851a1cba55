#pragma once
// Figures about the tensors of a model.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gguf/model_file.h"

namespace llt::gguf {

/// What a tensor is for, told from its name.
enum class TensorRole { embedding, attention, feed_forward, experts, recurrent, norm, output, other };

[[nodiscard]] std::string_view to_string(TensorRole role) noexcept;
[[nodiscard]] TensorRole tensor_role(std::string_view name) noexcept;
/// The block of a tensor "blk.17.attn_q.weight"; nothing for one that belongs to no block.
[[nodiscard]] std::optional<std::uint64_t> tensor_block(std::string_view name) noexcept;

/// Tensors taken together. Sums that do not fit into 64 bits, or that a tensor of unknown size belongs to,
/// are nothing.
struct TensorTotals {
  std::uint64_t tensors = 0;
  std::optional<std::uint64_t> parameters = 0;
  std::optional<std::uint64_t> bytes = 0;

  void add(const Tensor& tensor) noexcept;
  /// Nothing without parameters or when a sum is not known.
  [[nodiscard]] std::optional<double> bits_per_weight() const noexcept;
};

struct RoleTotals {
  TensorRole role = TensorRole::other;
  TensorTotals totals;
};

struct TypeTotals {
  TensorTypeId type = 0;
  TensorTotals totals;
};

struct ModelSummary {
  TensorTotals all;
  std::vector<RoleTotals> by_role;  ///< roles that occur, in the order of TensorRole
  std::vector<TypeTotals> by_type;  ///< types that occur, in the order of their first tensor
};

/// Exact: sums over the tensors, no formula.
[[nodiscard]] ModelSummary summarise(const ModelFile& model);

}  // namespace llt::gguf
