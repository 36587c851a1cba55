#pragma once
// The head of one GGUF file: metadata and the descriptions of its tensors. Strings are views into the bytes.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gguf/tensor_type.h"
#include "gguf/value.h"

namespace llt::gguf {

struct MetadataEntry {
  std::string_view key;  ///< never empty; may be invalid UTF-8
  Value value;
  std::uint64_t at = 0;  ///< offset of the entry from the start of its file
};

/// Metadata in the order of the file. When a key stands twice, the first one counts.
class Metadata {
 public:
  void add(MetadataEntry entry) { entries_.push_back(std::move(entry)); }
  [[nodiscard]] const std::vector<MetadataEntry>& entries() const noexcept { return entries_; }

  /// Null when there is no such key. Time in proportion to the number of entries.
  [[nodiscard]] const Value* find(std::string_view key) const noexcept;
  /// Nothing when there is no such key or its value is of another kind.
  [[nodiscard]] std::optional<std::uint64_t> unsigned_at(std::string_view key) const noexcept;
  [[nodiscard]] std::optional<std::string_view> string_at(std::string_view key) const noexcept;
  [[nodiscard]] std::optional<bool> bool_at(std::string_view key) const noexcept;
  [[nodiscard]] const Array* array_at(std::string_view key) const noexcept;

 private:
  std::vector<MetadataEntry> entries_;
};

inline constexpr std::size_t kMaxDimensions = 4;

struct Tensor {
  std::string_view name;
  TensorTypeId type = 0;
  std::uint32_t dimensions = 0;
  std::uint64_t extents[kMaxDimensions] = {1, 1, 1, 1};  ///< the first is the row
  std::uint64_t offset = 0;                              ///< from the start of its file's data section
  std::optional<std::uint64_t> elements;                 ///< nothing beyond 2^63 - 1
  std::optional<std::uint64_t> bytes;                    ///< see tensor_bytes()
  std::uint32_t file = 0;                                ///< which file of a split model, from 0
  std::uint64_t at = 0;                                  ///< offset of the description in its file

  [[nodiscard]] std::span<const std::uint64_t> shape() const noexcept { return {extents, dimensions}; }
};

struct Header {
  std::uint32_t version = 0;
  ByteOrder order = ByteOrder::little;
  Metadata metadata;
  std::vector<Tensor> tensors;
  std::uint64_t alignment = 32;   ///< bytes; 32 also when `general.alignment` is unusable
  std::uint64_t data_offset = 0;  ///< where the data section begins; beyond the end when nothing follows
  std::uint64_t file_bytes = 0;
};

/// Reads the head of a file. `file` must outlive the result; `name` is what errors call it. Fails with
/// data_loss, naming byte and field, when the head cannot be read to its end; what is wrong beyond that is
/// check()'s to find. Memory is in proportion to the number of entries and tensors that are really there.
[[nodiscard]] Result<Header> read_header(std::span<const std::byte> file, std::string_view name);

}  // namespace llt::gguf
