#include "gguf/value_reader.h"

#include <fmt/format.h>

namespace llt::gguf {
namespace {

// Arrays within arrays occur in no known model; the limits keep a hostile file from costing a stack or
// minutes.
constexpr int kMaxDepth = 4;
constexpr std::uint64_t kMaxVariableElements = 1u << 24;

Result<Array> read_array(ByteReader& reader, std::string_view field, int depth);

template <class Stored, class Kept>
Result<Value> read_number(ByteReader& reader, ValueType type, std::string_view field) {
  const auto number = reader.number<Stored>(field);
  if (!number) return std::unexpected(number.error());
  return Value(type, static_cast<Kept>(*number));
}

Result<Value> read_at_depth(ByteReader& reader, ValueType type, std::string_view field, int depth) {
  switch (type) {
    case ValueType::u8:
      return read_number<std::uint8_t, std::uint64_t>(reader, type, field);
    case ValueType::i8:
      return read_number<std::int8_t, std::int64_t>(reader, type, field);
    case ValueType::u16:
      return read_number<std::uint16_t, std::uint64_t>(reader, type, field);
    case ValueType::i16:
      return read_number<std::int16_t, std::int64_t>(reader, type, field);
    case ValueType::u32:
      return read_number<std::uint32_t, std::uint64_t>(reader, type, field);
    case ValueType::i32:
      return read_number<std::int32_t, std::int64_t>(reader, type, field);
    case ValueType::u64:
      return read_number<std::uint64_t, std::uint64_t>(reader, type, field);
    case ValueType::i64:
      return read_number<std::int64_t, std::int64_t>(reader, type, field);
    case ValueType::f32:
      return read_number<float, double>(reader, type, field);
    case ValueType::f64:
      return read_number<double, double>(reader, type, field);
    case ValueType::boolean:
      return read_number<std::uint8_t, bool>(reader, type, field);
    case ValueType::string: {
      const auto text = reader.string(field);
      if (!text) return std::unexpected(text.error());
      return Value(type, *text);
    }
    case ValueType::array: {
      const auto array = read_array(reader, field, depth + 1);
      if (!array) return std::unexpected(array.error());
      return Value(type, *array);
    }
  }
  return reader.bad(reader.position(), fmt::format("{} has no known type", field), kDamaged);
}

struct ArrayHead {
  ValueType element = ValueType::u8;
  std::uint64_t size = 0;
};

Result<ArrayHead> read_array_head(ByteReader& reader, std::string_view field) {
  const std::uint64_t at = reader.position();
  const auto number = reader.number<std::uint32_t>(field);
  if (!number) return std::unexpected(number.error());
  const auto size = reader.number<std::uint64_t>(field);
  if (!size) return std::unexpected(size.error());
  const auto element = to_value_type(*number);
  if (!element) {
    return reader.bad(at, fmt::format("{} is an array of type {}, which GGUF does not have", field, *number),
                      kDamaged);
  }
  // The fewest bytes that an element can take; one of variable length has its size in front.
  const std::uint64_t least = fixed_bytes(*element) != 0      ? fixed_bytes(*element)
                              : *element == ValueType::string ? 8
                                                              : 12;
  if (*size > reader.left() / least || (fixed_bytes(*element) == 0 && *size > kMaxVariableElements)) {
    return reader.bad(
        at + 4,
        fmt::format("the file is truncated or damaged: {} counts {} elements, but only {} bytes follow",
                    field, *size, reader.left()),
        "get the model file again");
  }
  return ArrayHead{*element, *size};
}

Result<Array> read_array(ByteReader& reader, std::string_view field, int depth) {
  if (depth > kMaxDepth) {
    return reader.bad(reader.position(), fmt::format("{} nests arrays more than {} deep", field, kMaxDepth),
                      kDamaged);
  }
  const auto head = read_array_head(reader, field);
  if (!head) return std::unexpected(head.error());
  const std::uint64_t begin = reader.position();
  if (const std::size_t width = fixed_bytes(head->element); width != 0) {
    if (const auto taken = reader.take(head->size * width, field); !taken)
      return std::unexpected(taken.error());
  } else {
    for (std::uint64_t i = 0; i < head->size; ++i) {
      const auto element = read_at_depth(reader, head->element, field, depth);
      if (!element) return std::unexpected(element.error());
    }
  }
  return Array(head->element, head->size, reader.since(begin), reader.order());
}

}  // namespace

Result<Value> read_value(ByteReader& reader, ValueType type, std::string_view field) {
  return read_at_depth(reader, type, field, 0);
}

}  // namespace llt::gguf
