#include "gguf/header_writer.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/error.h"

namespace llt::gguf {

template <class Number>
void HeaderWriter::put(std::string& out, Number value) const {
  auto raw = std::bit_cast<std::array<char, sizeof(Number)>>(value);
  const bool native = (order_ == ByteOrder::little) == (std::endian::native == std::endian::little);
  if (!native) std::ranges::reverse(raw);
  out.append(raw.data(), raw.size());
}

void HeaderWriter::put_text(std::string& out, std::string_view text) const {
  put(out, std::uint64_t{text.size()});
  out += text;
}

void HeaderWriter::begin(std::string_view key, ValueType type) {
  ++entries_;
  put_text(metadata_, key);
  put(metadata_, static_cast<std::uint32_t>(type));
}

template <class Number>
void HeaderWriter::add_array(std::string_view key, ValueType element, std::span<const Number> values) {
  begin(key, ValueType::array);
  put(metadata_, static_cast<std::uint32_t>(element));
  put(metadata_, std::uint64_t{values.size()});
  for (const Number value : values) put(metadata_, value);
}

void HeaderWriter::add_text(std::string_view key, std::string_view text) {
  begin(key, ValueType::string);
  put_text(metadata_, text);
}

void HeaderWriter::add_u32(std::string_view key, std::uint32_t value) {
  begin(key, ValueType::u32);
  put(metadata_, value);
}

void HeaderWriter::add_i32(std::string_view key, std::int32_t value) {
  begin(key, ValueType::i32);
  put(metadata_, value);
}

void HeaderWriter::add_u64(std::string_view key, std::uint64_t value) {
  begin(key, ValueType::u64);
  put(metadata_, value);
}

void HeaderWriter::add_f32(std::string_view key, float value) {
  begin(key, ValueType::f32);
  put(metadata_, value);
}

void HeaderWriter::add_bool(std::string_view key, bool value) {
  begin(key, ValueType::boolean);
  put(metadata_, static_cast<std::uint8_t>(value ? 1 : 0));
}

void HeaderWriter::add_texts(std::string_view key, std::span<const std::string> texts) {
  begin(key, ValueType::array);
  put(metadata_, static_cast<std::uint32_t>(ValueType::string));
  put(metadata_, std::uint64_t{texts.size()});
  for (const std::string& text : texts) put_text(metadata_, text);
}

void HeaderWriter::add_u32s(std::string_view key, std::span<const std::uint32_t> values) {
  add_array(key, ValueType::u32, values);
}

void HeaderWriter::add_i32s(std::string_view key, std::span<const std::int32_t> values) {
  add_array(key, ValueType::i32, values);
}

void HeaderWriter::add_f32s(std::string_view key, std::span<const float> values) {
  add_array(key, ValueType::f32, values);
}

void HeaderWriter::add_raw(std::string_view key, std::uint32_t type, std::string_view bytes) {
  ++entries_;
  put_text(metadata_, key);
  put(metadata_, type);
  metadata_ += bytes;
}

void HeaderWriter::add_tensor(std::string_view name, TensorTypeId type,
                              std::span<const std::uint64_t> shape) {
  const auto bytes = tensor_bytes(type, shape);
  LLT_CHECK(bytes);
  add_tensor_at(name, type, shape, data_bytes_);
  data_bytes_ += (*bytes + kAlignment - 1) / kAlignment * kAlignment;
}

void HeaderWriter::add_tensor_at(std::string_view name, TensorTypeId type,
                                 std::span<const std::uint64_t> shape, std::uint64_t offset) {
  ++tensors_;
  put_text(descriptions_, name);
  put(descriptions_, static_cast<std::uint32_t>(shape.size()));
  for (const std::uint64_t extent : shape) put(descriptions_, extent);
  put(descriptions_, type);
  put(descriptions_, offset);
}

std::string HeaderWriter::finish() const {
  std::string head = "GGUF";
  put(head, version_);
  put(head, tensors_);
  put(head, entries_);
  head += metadata_;
  head += descriptions_;
  head.resize((head.size() + kAlignment - 1) / kAlignment * kAlignment, '\0');
  return head;
}

}  // namespace llt::gguf
