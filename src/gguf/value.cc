#include "gguf/value.h"

#include <array>

#include "gguf/byte_reader.h"
#include "gguf/value_reader.h"

namespace llt::gguf {
namespace {

struct TypeFacts {
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array<TypeFacts, 13> kFacts = {{
    {"u8", 1},
    {"i8", 1},
    {"u16", 2},
    {"i16", 2},
    {"u32", 4},
    {"i32", 4},
    {"f32", 4},
    {"bool", 1},
    {"string", 0},
    {"array", 0},
    {"u64", 8},
    {"i64", 8},
    {"f64", 8},
}};

}  // namespace

std::optional<ValueType> to_value_type(std::uint32_t number) noexcept {
  if (number >= kFacts.size()) return std::nullopt;
  return static_cast<ValueType>(number);
}

std::string_view to_string(ValueType type) noexcept { return kFacts[static_cast<std::size_t>(type)].name; }

std::size_t fixed_bytes(ValueType type) noexcept { return kFacts[static_cast<std::size_t>(type)].bytes; }

void Array::for_each(const std::function<bool(const Value&)>& visit) const {
  ByteReader reader(bytes_, "array");
  reader.set_order(order_);
  for (std::uint64_t i = 0; i < size_; ++i) {
    const auto value = read_value(reader, element_, "an element");
    LLT_CHECK(value);  // the array was walked when the file was opened
    if (!visit(*value)) return;
  }
}

std::optional<std::vector<std::uint64_t>> Array::integers(std::size_t most) const {
  if (size_ > most) return std::nullopt;
  std::vector<std::uint64_t> all;
  all.reserve(size_);
  for_each([&](const Value& value) {
    const auto number = value.as_unsigned();
    if (number) all.push_back(*number);
    return number.has_value();
  });
  if (all.size() != size_) return std::nullopt;
  return all;
}

std::optional<Value> Array::at(std::uint64_t index) const {
  std::optional<Value> found;
  if (index >= size_) return found;
  if (const std::size_t width = fixed_bytes(element_); width != 0) {
    ByteReader reader(bytes_.subspan(index * width, width), "array");
    reader.set_order(order_);
    const auto value = read_value(reader, element_, "an element");
    LLT_CHECK(value);
    return *value;
  }
  ByteReader reader(bytes_, "array");
  reader.set_order(order_);
  for (std::uint64_t i = 0; element_ == ValueType::string && i < index; ++i) {
    LLT_CHECK(reader.string("an element"));
  }
  for (std::uint64_t i = 0; element_ == ValueType::array && i < index; ++i) {
    LLT_CHECK(read_value(reader, element_, "an element"));
  }
  const auto value = read_value(reader, element_, "an element");
  LLT_CHECK(value);
  found = *value;
  return found;
}

std::optional<std::uint64_t> Value::as_unsigned() const noexcept {
  if (const auto* number = std::get_if<std::uint64_t>(&data_)) return *number;
  if (const auto* flag = std::get_if<bool>(&data_)) return *flag ? 1 : 0;
  const auto* number = std::get_if<std::int64_t>(&data_);
  if (number == nullptr || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::optional<std::string_view> Value::as_string() const noexcept {
  const auto* text = std::get_if<std::string_view>(&data_);
  return text != nullptr ? std::optional(*text) : std::nullopt;
}

std::optional<bool> Value::as_bool() const noexcept {
  const auto* flag = std::get_if<bool>(&data_);
  return flag != nullptr ? std::optional(*flag) : std::nullopt;
}

std::optional<double> Value::as_number() const noexcept {
  if (const auto* number = std::get_if<double>(&data_)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(&data_)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*number);
  return std::nullopt;
}

}  // namespace llt::gguf
