#pragma once
// Tables in shared memory as Arrow's C structures, which point into it.

#include <array>

#include "analytics/gpu/wire.h"

namespace llt::analytics::gpu {

/// Columns value, time and key, those that the shape has. `memory` must live as long; nobody has to release
/// anything.
class ArrowTable {
 public:
  ArrowTable(const SharedMemory& memory, const TableShape& shape);
  ArrowTable(const ArrowTable&) = delete;
  ArrowTable& operator=(const ArrowTable&) = delete;

  [[nodiscard]] const ArrowSchema* schema() const noexcept { return &schema_; }
  [[nodiscard]] const ArrowArray* rows() const noexcept { return &rows_; }

 private:
  static constexpr std::size_t kMost = 3;
  void add(const char* name, const char* format, const void* known, std::uint64_t unknown,
           const void* values);

  std::array<ArrowSchema, kMost> schemas_{};
  std::array<ArrowArray, kMost> arrays_{};
  std::array<std::array<const void*, 2>, kMost> buffers_{};
  std::array<ArrowSchema*, kMost> schema_list_{};
  std::array<ArrowArray*, kMost> array_list_{};
  std::array<const void*, 1> no_buffer_{};
  ArrowSchema schema_{};
  ArrowArray rows_{};
};

struct PackedAnswer {
  SharedMemory memory;
  std::uint64_t rows, columns;
};
/// The columns of a plugin's answer, as AnswerLayout has them.
[[nodiscard]] Result<PackedAnswer> pack_answer(const ArrowArray& answer);

}  // namespace llt::analytics::gpu
