#include "gguf/byte_reader.h"

#include <fmt/format.h>

namespace llt::gguf {
namespace {

constexpr std::string_view kGetAgain = "get the model file again";

}  // namespace

Result<std::string_view> ByteReader::string(std::string_view field) {
  const std::uint64_t at = position_;
  const auto length = number<std::uint64_t>(field);
  if (!length) return std::unexpected(length.error());
  if (*length > left()) {
    position_ = at;
    return bad(
        at,
        fmt::format("the file is truncated or damaged: the length of {} is {}, but only {} bytes follow",
                    field, *length, left() - 8),
        kGetAgain);
  }
  const auto* text = reinterpret_cast<const char*>(bytes_.data() + position_);
  position_ += *length;
  return std::string_view(text, *length);
}

Result<std::span<const std::byte>> ByteReader::take(std::uint64_t size, std::string_view field) {
  if (size > left()) return ends_within(field, size);
  const auto taken = bytes_.subspan(position_, size);
  position_ += size;
  return taken;
}

std::unexpected<Error> ByteReader::bad(std::uint64_t at, std::string_view sentence,
                                       std::string_view hint) const {
  return fail(ErrorCode::data_loss, fmt::format("{}, byte {}: {}", name_, at, sentence), std::string(hint));
}

std::unexpected<Error> ByteReader::ends_within(std::string_view field, std::uint64_t wanted) const {
  return bad(position_,
             fmt::format("the file is truncated: {} needs {} bytes, and {} are left", field, wanted, left()),
             kGetAgain);
}

}  // namespace llt::gguf
