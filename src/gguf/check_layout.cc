#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/utf8.h"
#include "gguf/check_parts.h"

namespace llt::gguf {
namespace {

// Nothing when the sum exceeds 64 bits.
std::optional<std::uint64_t> sum(std::uint64_t a, std::uint64_t b) {
  std::uint64_t total = 0;
  if (__builtin_add_overflow(a, b, &total)) return std::nullopt;
  return total;
}

std::uint64_t padded(std::uint64_t bytes, std::uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

// The data section of one file.
class Layout {
 public:
  Layout(const ModelPart& part, Findings& findings)
      : part_(part), header_(part.header), findings_(findings) {}

  void check() {
    check_offsets();
    check_neighbours();
    check_end();
  }

 private:
  void check_offsets() {
    for (const Tensor& tensor : header_.tensors) {
      if (tensor.offset % header_.alignment != 0) {
        findings_.error(where_tensor(tensor), "misaligned",
                        fmt::format("its offset {} is no multiple of the alignment {}", tensor.offset,
                                    header_.alignment));
      }
      check_within_file(tensor);
    }
  }

  void check_within_file(const Tensor& tensor) {
    const auto begin = sum(header_.data_offset, tensor.offset);
    const auto end = begin ? sum(*begin, tensor.bytes.value_or(0)) : std::nullopt;
    if (end && *end <= header_.file_bytes) return;
    const std::string reach = end ? fmt::format("to byte {}", *end) : "beyond 2^64 bytes";
    findings_.error(
        where_tensor(tensor), "out-of-range",
        fmt::format("its data (offset {}) reaches {}, but the file ends at byte {}: it is truncated or "
                    "the offset is wrong",
                    tensor.offset, reach, header_.file_bytes));
  }

  // llama.cpp takes tensors only back to back, in the order of their descriptions.
  void check_neighbours() {
    std::vector<const Tensor*> by_offset;
    by_offset.reserve(header_.tensors.size());
    for (const Tensor& tensor : header_.tensors) by_offset.push_back(&tensor);
    std::ranges::stable_sort(by_offset, {}, [](const Tensor* t) { return t->offset; });
    std::uint64_t taken = 0;  // the end of the data so far
    const Tensor* before = nullptr;
    for (const Tensor* tensor : by_offset) {
      check_distance(*tensor, before, taken);
      const auto end = tensor->bytes ? sum(tensor->offset, *tensor->bytes) : std::nullopt;
      if (!end || *end > UINT64_MAX - header_.alignment) break;  // said elsewhere; nothing to compare with
      if (*end >= taken) before = tensor;
      taken = std::max(taken, *end);
    }
    check_order();
  }

  void check_distance(const Tensor& tensor, const Tensor* before, std::uint64_t taken) {
    const std::uint64_t expected = padded(taken, header_.alignment);
    if (tensor.offset < taken) {
      findings_.error(where_tensor(tensor), "overlap",
                      fmt::format("its data begins at offset {}, within that of '{}', which ends at {}",
                                  tensor.offset, readable(before->name), taken));
    } else if (tensor.offset > expected) {
      findings_.error(
          where_tensor(tensor), "gap",
          fmt::format("its data begins at offset {}, {} bytes behind the end of the tensor before; "
                      "llama.cpp takes no gaps",
                      tensor.offset, tensor.offset - expected));
    }
  }

  void check_order() {
    const auto unordered = std::ranges::adjacent_find(
        header_.tensors, [](const Tensor& a, const Tensor& b) { return a.offset > b.offset; });
    if (unordered == header_.tensors.end()) return;
    findings_.error(
        where_tensor(*std::next(unordered)), "unordered",
        "its data lies before that of the tensor described before it; llama.cpp takes them in one order");
  }

  void check_end() {
    std::uint64_t end = 0;
    for (const Tensor& tensor : header_.tensors) {
      const auto reach = sum(tensor.offset, tensor.bytes.value_or(0));
      if (!reach || !tensor.bytes || *reach > UINT64_MAX / 2) return;
      end = std::max(end, padded(*reach, header_.alignment));
    }
    const std::uint64_t file_end = header_.data_offset + end;
    if (header_.file_bytes > file_end) {
      findings_.warning(where_file(part_), "trailing",
                        fmt::format("{} bytes follow the last tensor, at byte {}",
                                    header_.file_bytes - file_end, file_end));
    }
  }

  const ModelPart& part_;
  const Header& header_;
  Findings& findings_;
};

}  // namespace

void check_layout(const ModelFile& model, Findings& findings) {
  for (const ModelPart& part : model.parts()) Layout(part, findings).check();
}

}  // namespace llt::gguf
