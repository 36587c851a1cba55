#include "gguf/model_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "gguf/split_name.h"

namespace llt::gguf {
namespace {

Result<ModelPart> read_part(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  auto header = read_header(file->bytes(), path.string());
  if (!header) return std::unexpected(header.error());
  return ModelPart{path, std::move(*file), std::move(*header)};
}

// The names of a split model's files, from the name of one of them.
Result<SplitName> names_of_set(const std::filesystem::path& path, std::uint64_t count) {
  const auto name = parse_split_name(path);
  if (!name || name->count != count) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is one of {} files of a split model, but its name does not say which",
                            path.string(), count),
                fmt::format("name the files NAME-00001-of-{:05}.gguf and so on", count));
  }
  return *name;
}

}  // namespace

Result<ModelFile> ModelFile::open(const std::filesystem::path& path) {
  auto given = read_part(path);
  if (!given) return std::unexpected(given.error());
  const auto count = given->header.metadata.unsigned_at("split.count").value_or(1);
  ModelFile model;
  if (count <= 1) {
    model.parts_.push_back(std::move(*given));
  } else {
    const auto names = names_of_set(path, count);
    if (!names) return std::unexpected(names.error());
    for (std::uint32_t number = 1; number <= names->count; ++number) {
      if (auto added = model.add_part(names->path_of(number)); !added) {
        Error error = added.error();
        if (error.code == ErrorCode::not_found) {
          error.hint = fmt::format("get all {} files of the split model into one folder", count);
        }
        return std::unexpected(error);
      }
    }
  }
  model.gather_tensors();
  return model;
}

Result<ModelFile> ModelFile::read(std::span<const std::byte> bytes, std::string_view name) {
  auto header = read_header(bytes, name);
  if (!header) return std::unexpected(header.error());
  ModelFile model;
  model.parts_.push_back({name, MappedFile(), std::move(*header)});
  model.gather_tensors();
  return model;
}

void ModelFile::gather_tensors() {
  for (std::uint32_t file = 0; file < parts_.size(); ++file) {
    for (Tensor tensor : parts_[file].header.tensors) {
      tensor.file = file;
      tensors_.push_back(tensor);
    }
  }
}

Result<> ModelFile::add_part(const std::filesystem::path& path) {
  auto part = read_part(path);
  if (!part) return std::unexpected(part.error());
  parts_.push_back(std::move(*part));
  return {};
}

const Tensor* ModelFile::find_tensor(std::string_view name) const noexcept {
  const auto found =
      std::find_if(tensors_.begin(), tensors_.end(), [&](const Tensor& t) { return t.name == name; });
  return found == tensors_.end() ? nullptr : &*found;
}

std::uint64_t ModelFile::file_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const ModelPart& part : parts_) sum += part.header.file_bytes;
  return sum;
}

std::string_view ModelFile::architecture() const noexcept {
  return metadata().string_at("general.architecture").value_or("");
}

std::string ModelFile::name() const {
  const auto given = metadata().string_at("general.name");
  return given && !given->empty() ? std::string(*given) : parts_.front().path.stem().string();
}

}  // namespace llt::gguf
