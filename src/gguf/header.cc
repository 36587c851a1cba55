#include "gguf/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "gguf/byte_reader.h"
#include "gguf/file_kind.h"
#include "gguf/value_reader.h"

namespace llt::gguf {
namespace {

constexpr std::uint32_t kOldest = 2;
constexpr std::uint32_t kNewest = 3;
// The fewest bytes that one description takes: what bounds a count by the size of the file.
constexpr std::uint64_t kLeastEntryBytes = 8 + 1 + 4 + 1;
constexpr std::uint64_t kLeastTensorBytes = 8 + 1 + 4 + 4 + 8;
// Far beyond any model, so that a hole of zeros is not taken for a billion entries.
constexpr std::uint64_t kMostDescriptions = 1'000'000;

class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> file, std::string_view name) : file_(file), reader_(file, name) {
    header_.file_bytes = file.size();
  }

  Result<Header> read() {
    if (auto done = read_version(); !done) return std::unexpected(done.error());
    const auto tensors = read_count("tensors", kLeastTensorBytes);
    if (!tensors) return std::unexpected(tensors.error());
    const auto entries = read_count("metadata entries", kLeastEntryBytes);
    if (!entries) return std::unexpected(entries.error());
    for (std::uint64_t i = 0; i < *entries; ++i) {
      if (auto done = read_entry(i, *entries); !done) return std::unexpected(done.error());
    }
    for (std::uint64_t i = 0; i < *tensors; ++i) {
      if (auto done = read_tensor(i, *tensors); !done) return std::unexpected(done.error());
    }
    place_data();
    return std::move(header_);
  }

 private:
  Result<> read_version() {
    if (auto known = check_magic(file_, reader_); !known) return known;
    if (auto magic = reader_.take(4, "the magic"); !magic) return std::unexpected(magic.error());
    auto version = reader_.number<std::uint32_t>("the version");
    if (!version) return std::unexpected(version.error());
    // A small number whose low half is empty was written with the bytes the other way round.
    if ((*version & 0xffff) == 0 && *version != 0) {
      header_.order = ByteOrder::big;
      reader_.set_order(ByteOrder::big);
      version = __builtin_bswap32(*version);
    }
    header_.version = *version;
    if (*version >= kOldest && *version <= kNewest) return {};
    if (*version == 1) {
      return reader_.bad(4, "the version is 1, which llama.cpp dropped in 2023",
                         "get a newer file of the model, or convert it again");
    }
    return reader_.bad(4, fmt::format("the version is {}; known are {} and {}", *version, kOldest, kNewest),
                       "the file is damaged, or newer than this program");
  }

  Result<std::uint64_t> read_count(std::string_view what, std::uint64_t least_bytes) {
    const std::uint64_t at = reader_.position();
    const auto count = reader_.number<std::uint64_t>(fmt::format("the number of {}", what));
    if (!count) return count;
    if (*count > reader_.left() / least_bytes) {
      return reader_.bad(at,
                         fmt::format("the file is truncated or damaged: the number of {} is {}, more than "
                                     "the {} bytes that follow can hold",
                                     what, *count, reader_.left()),
                         "get the model file again");
    }
    if (*count > kMostDescriptions) {
      return reader_.bad(at, fmt::format("the number of {} is {}, more than any model has", what, *count),
                         kDamaged);
    }
    return count;
  }

  Result<> read_entry(std::uint64_t index, std::uint64_t count) {
    const std::uint64_t at = reader_.position();
    const std::string place = fmt::format("metadata entry {} of {}", index + 1, count);
    const auto key = reader_.string("the key of " + place);
    if (!key) return std::unexpected(key.error());
    if (key->empty()) return reader_.bad(at, fmt::format("the key of {} is empty", place), kDamaged);
    const std::uint64_t type_at = reader_.position();
    const std::string field = fmt::format("'{}' ({})", readable(*key), place);
    const auto number = reader_.number<std::uint32_t>("the type of " + field);
    if (!number) return std::unexpected(number.error());
    const auto type = to_value_type(*number);
    if (!type) {
      return reader_.bad(
          type_at, fmt::format("the type of {} is {}, which GGUF does not have", field, *number), kDamaged);
    }
    auto value = read_value(reader_, *type, "the value of " + field);
    if (!value) return std::unexpected(value.error());
    header_.metadata.add({*key, std::move(*value), at});
    return {};
  }

  Result<> read_tensor(std::uint64_t index, std::uint64_t count) {
    Tensor tensor;
    tensor.at = reader_.position();
    const std::string place = fmt::format("tensor {} of {}", index + 1, count);
    const auto name = reader_.string("the name of " + place);
    if (!name) return std::unexpected(name.error());
    if (name->empty()) return reader_.bad(tensor.at, fmt::format("the name of {} is empty", place), kDamaged);
    tensor.name = *name;
    const std::string field = fmt::format("'{}' ({})", readable(*name), place);
    if (auto shape = read_shape(tensor, field); !shape) return shape;
    const auto type = reader_.number<std::uint32_t>("the type of " + field);
    if (!type) return std::unexpected(type.error());
    const auto offset = reader_.number<std::uint64_t>("the offset of " + field);
    if (!offset) return std::unexpected(offset.error());
    tensor.type = *type;
    tensor.offset = *offset;
    tensor.elements = element_count(tensor.shape());
    tensor.bytes = tensor_bytes(tensor.type, tensor.shape());
    header_.tensors.push_back(tensor);
    return {};
  }

  Result<> read_shape(Tensor& tensor, const std::string& field) {
    const std::uint64_t at = reader_.position();
    const auto dimensions = reader_.number<std::uint32_t>("the number of dimensions of " + field);
    if (!dimensions) return std::unexpected(dimensions.error());
    if (*dimensions > kMaxDimensions) {
      return reader_.bad(
          at,
          fmt::format("{} has {} dimensions; tensors have at most {}", field, *dimensions, kMaxDimensions),
          kDamaged);
    }
    tensor.dimensions = *dimensions;
    for (std::uint32_t i = 0; i < *dimensions; ++i) {
      const auto extent = reader_.number<std::uint64_t>("the shape of " + field);
      if (!extent) return std::unexpected(extent.error());
      tensor.extents[i] = *extent;
    }
    return {};
  }

  // The data section begins at the next multiple of the alignment.
  void place_data() {
    const auto alignment = header_.metadata.unsigned_at("general.alignment");
    if (alignment && std::has_single_bit(*alignment) && *alignment <= (1u << 30))
      header_.alignment = *alignment;
    const std::uint64_t end = reader_.position();
    header_.data_offset = (end + header_.alignment - 1) / header_.alignment * header_.alignment;
  }

  std::span<const std::byte> file_;
  ByteReader reader_;
  Header header_;
};

}  // namespace

const Value* Metadata::find(std::string_view key) const noexcept {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const MetadataEntry& e) { return e.key == key; });
  return found == entries_.end() ? nullptr : &found->value;
}

std::optional<std::uint64_t> Metadata::unsigned_at(std::string_view key) const noexcept {
  const Value* value = find(key);
  return value != nullptr ? value->as_unsigned() : std::nullopt;
}

std::optional<std::string_view> Metadata::string_at(std::string_view key) const noexcept {
  const Value* value = find(key);
  return value != nullptr ? value->as_string() : std::nullopt;
}

std::optional<bool> Metadata::bool_at(std::string_view key) const noexcept {
  const Value* value = find(key);
  return value != nullptr ? value->as_bool() : std::nullopt;
}

const Array* Metadata::array_at(std::string_view key) const noexcept {
  const Value* value = find(key);
  return value != nullptr ? value->as_array() : nullptr;
}

Result<Header> read_header(std::span<const std::byte> file, std::string_view name) {
  return HeaderReader(file, name).read();
}

}  // namespace llt::gguf
