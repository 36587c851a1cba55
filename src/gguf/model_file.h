#pragma once
// A model as it lies on disk, in one file or several: what a planner of memory needs to know about it.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gguf/header.h"
#include "gguf/mapped_file.h"

namespace llt::gguf {

/// One file of a model.
struct ModelPart {
  std::filesystem::path path;
  MappedFile file;  ///< empty for a model in memory
  Header header;
};

/// Owns the mappings that every string_view and Value in it points into: keep it as long as those. Immutable
/// after open(), so any thread may read it.
class ModelFile {
 public:
  /// Opens a model; of a split one, any of its files stands for the whole set. Milliseconds for any size.
  /// Fails when a file is missing, is not GGUF, or ends within its head; names the file, the byte and the
  /// field. What is wrong with a head that can be read is check()'s to find.
  [[nodiscard]] static Result<ModelFile> open(const std::filesystem::path& path);

  /// A model in one piece of memory, which must outlive the result; `name` stands for its path.
  [[nodiscard]] static Result<ModelFile> read(std::span<const std::byte> bytes, std::string_view name);

  [[nodiscard]] const std::vector<ModelPart>& parts() const noexcept { return parts_; }
  /// Of the first file, which describes the model.
  [[nodiscard]] const Metadata& metadata() const noexcept { return parts_.front().header.metadata; }
  /// Of all files, in their order.
  [[nodiscard]] const std::vector<Tensor>& tensors() const noexcept { return tensors_; }
  /// Null when there is none of this name.
  [[nodiscard]] const Tensor* find_tensor(std::string_view name) const noexcept;
  /// Size of all files together.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept;
  [[nodiscard]] std::uint32_t version() const noexcept { return parts_.front().header.version; }
  /// `general.architecture`; empty when it is missing.
  [[nodiscard]] std::string_view architecture() const noexcept;
  /// `general.name`; the file's name without its extension when it is missing.
  [[nodiscard]] std::string name() const;

 private:
  Result<> add_part(const std::filesystem::path& path);
  void gather_tensors();

  std::vector<ModelPart> parts_;
  std::vector<Tensor> tensors_;
};

}  // namespace llt::gguf
