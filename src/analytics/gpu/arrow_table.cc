#include "analytics/gpu/arrow_table.h"

#include <algorithm>

namespace llt::analytics::gpu {
namespace {

void release_schema(ArrowSchema* schema) { schema->release = nullptr; }
void release_array(ArrowArray* array) { array->release = nullptr; }

bool bit(const void* bits, std::uint64_t at) {
  const unsigned byte = static_cast<const std::uint8_t*>(bits)[at / 8];
  return (byte >> (at % 8) & 1U) != 0;
}

// An answer's column may begin anywhere in its buffers.
void pack_column(const ArrowArray& column, std::uint64_t rows, std::byte* values, std::uint64_t* known) {
  if (rows == 0) return;
  const auto from = static_cast<std::uint64_t>(column.offset);
  std::memcpy(values, static_cast<const std::byte*>(column.buffers[1]) + from * 8, rows * 8);
  const void* bits = column.buffers[0];
  for (std::uint64_t row = 0; row < rows; ++row) {
    if (bits == nullptr || bit(bits, from + row)) known[row / 64] |= std::uint64_t{1} << (row % 64);
  }
}

}  // namespace

ArrowTable::ArrowTable(const SharedMemory& memory, const TableShape& shape) {
  rows_.length = static_cast<std::int64_t>(shape.rows);
  add("value", "g", memory.at<void>(TableLayout::known_values), shape.unknown_values, memory.at<void>(0));
  if (shape.has_time != 0)
    add("time", "l", memory.at<void>(TableLayout::known_times), shape.unknown_times,
        memory.at<void>(TableLayout::times));
  if (shape.has_key != 0) add("key", "i", nullptr, 0, memory.at<void>(TableLayout::keys));
  schema_.format = "+s";
  schema_.name = "";
  schema_.children = schema_list_.data();
  schema_.release = release_schema;
  rows_.n_buffers = 1;
  rows_.buffers = no_buffer_.data();
  rows_.children = array_list_.data();
  rows_.release = release_array;
}

void ArrowTable::add(const char* name, const char* format, const void* known, std::uint64_t unknown,
                     const void* values) {
  const auto at = static_cast<std::size_t>(rows_.n_children++);
  schema_.n_children = rows_.n_children;
  schema_list_[at] = &schemas_[at];
  array_list_[at] = &arrays_[at];
  buffers_[at] = {unknown == 0 ? nullptr : known, values};
  ArrowSchema& schema = schemas_[at];
  schema.format = format;
  schema.name = name;
  schema.flags = ARROW_FLAG_NULLABLE;
  schema.release = release_schema;
  ArrowArray& array = arrays_[at];
  array.length = rows_.length;
  array.null_count = static_cast<std::int64_t>(unknown);
  array.n_buffers = 2;
  array.buffers = buffers_[at].data();
  array.release = release_array;
}

Result<PackedAnswer> pack_answer(const ArrowArray& answer) {
  const auto rows = static_cast<std::uint64_t>(answer.length),
             columns = static_cast<std::uint64_t>(answer.n_children);
  const AnswerLayout layout(rows, columns);
  auto memory = SharedMemory::make(layout.size);
  if (!memory) return std::unexpected(memory.error());
  for (std::uint64_t i = 0; i < columns; ++i)
    pack_column(*answer.children[i], rows, memory->at<std::byte>(i * layout.column),
                memory->at<std::uint64_t>(i * layout.column + layout.known));
  return PackedAnswer{std::move(*memory), rows, columns};
}

}  // namespace llt::analytics::gpu
