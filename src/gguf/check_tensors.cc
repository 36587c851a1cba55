#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/utf8.h"
#include "gguf/architecture.h"
#include "gguf/check_parts.h"
#include "gguf/summary.h"

namespace llt::gguf {
namespace {

constexpr std::size_t kLongestName = 63;  // GGML_MAX_NAME with its end

void check_type(const Tensor& tensor, Findings& findings) {
  const TensorType* type = find_tensor_type(tensor.type);
  if (type == nullptr) {
    findings.error(where_tensor(tensor), "unknown-type",
                   fmt::format("its type {} is not known, so neither is its size", tensor.type));
  } else if (type->removed()) {
    findings.error(
        where_tensor(tensor), "removed-type",
        fmt::format("its type {} was removed from llama.cpp; quantise the model again", type->name));
  } else if (tensor.extents[0] % type->block_values != 0) {
    findings.error(where_tensor(tensor), "block-size",
                   fmt::format("its rows of {} values are no whole number of {} blocks ({} values each)",
                               tensor.extents[0], type->name, type->block_values));
  }
}

void check_shape(const Tensor& tensor, Findings& findings) {
  const bool sizable = find_tensor_type(tensor.type) != nullptr && !find_tensor_type(tensor.type)->removed();
  if (!tensor.elements) {
    findings.error(where_tensor(tensor), "overflow", "its shape has more than 2^63 - 1 values");
  } else if (*tensor.elements == 0) {
    findings.warning(where_tensor(tensor), "empty", "its shape has no values");
  } else if (!tensor.bytes && sizable &&
             tensor.extents[0] % find_tensor_type(tensor.type)->block_values == 0) {
    findings.error(where_tensor(tensor), "overflow", "its data is larger than 2^63 - 1 bytes");
  }
}

void check_name(const Tensor& tensor, std::unordered_set<std::string_view>& names, Findings& findings) {
  if (!names.insert(tensor.name).second) {
    findings.error(where_tensor(tensor), "duplicate", "another tensor has the same name");
  }
  if (tensor.name.size() > kLongestName) {
    findings.error(
        where_tensor(tensor), "name-too-long",
        fmt::format("its name has {} bytes; llama.cpp takes {}", tensor.name.size(), kLongestName));
  }
  if (const auto at = first_bad_utf8(tensor.name)) {
    findings.error(where_tensor(tensor), "bad-utf8",
                   fmt::format("its name is no valid UTF-8 at byte {}", *at));
  }
}

// A block without any tensor: the file of a split model is missing, or the count is wrong.
void check_blocks(const ModelFile& model, Findings& findings) {
  const auto blocks = read_architecture(model.metadata()).block_count;
  if (!blocks || *blocks > kMostBlocks || model.tensors().empty()) return;
  std::vector<bool> seen(*blocks, false);
  for (const Tensor& tensor : model.tensors()) {
    const auto block = tensor_block(tensor.name);
    if (!block) continue;
    if (*block < *blocks) {
      seen[*block] = true;
    } else {
      findings.warning(where_tensor(tensor), "extra-block",
                       fmt::format("it belongs to block {}, but block_count is {}", *block, *blocks));
    }
  }
  const auto missing = std::ranges::count(seen, false);
  if (missing == 0 || missing == static_cast<std::ptrdiff_t>(seen.size())) return;
  const auto first = std::ranges::find(seen, false) - seen.begin();
  findings.error(
      "tensors", "missing-block",
      fmt::format("{} of {} blocks have no tensor; the first is block {}", missing, *blocks, first));
}

}  // namespace

void check_tensors(const ModelFile& model, Findings& findings) {
  std::unordered_set<std::string_view> names;
  for (const Tensor& tensor : model.tensors()) {
    check_name(tensor, names, findings);
    check_type(tensor, findings);
    check_shape(tensor, findings);
  }
  check_blocks(model, findings);
}

}  // namespace llt::gguf
