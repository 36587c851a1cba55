#pragma once
// Tables on one GPU, in the worker process: what table_question.h asks, by libcudf.

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "analytics/gpu/gpu_backend.h"
#include "analytics/gpu/worker_process.h"

namespace llt::analytics::gpu {

/// Rows on their way to the GPU, where the worker sees them already.
class TableRows {
 public:
  static Result<TableRows> make(bool with_time, bool with_key);

  /// False when no more rows fit. `key` is left out without keys, `time` without times.
  [[nodiscard]] bool add(std::optional<double> value, std::optional<std::int64_t> time, std::int32_t key);

  [[nodiscard]] const TableShape& shape() const noexcept { return shape_; }
  [[nodiscard]] const SharedMemory& memory() const noexcept { return memory_; }
  [[nodiscard]] std::optional<double> value(std::uint64_t row) const;
  [[nodiscard]] std::optional<std::int64_t> time(std::uint64_t row) const;
  [[nodiscard]] std::int32_t key(std::uint64_t row) const;
  [[nodiscard]] std::int64_t first_time() const noexcept {
    return first_time_;
  }  ///< the largest there is without any

 private:
  explicit TableRows(SharedMemory memory) : memory_(std::move(memory)) {}
  SharedMemory memory_;
  TableShape shape_;
  std::int64_t first_time_ = std::numeric_limits<std::int64_t>::max();
};

/// An answer's columns, 8 bytes a value, in the order of rapids_abi.h.
struct TableAnswer {
  std::uint64_t rows, columns;
  SharedMemory memory;

  template <class T>
  [[nodiscard]] std::span<const T> values(std::uint64_t column) const {
    return {memory.at<T>(column * AnswerLayout(rows, columns).column), rows};
  }
  [[nodiscard]] const std::uint64_t* known(std::uint64_t column) const {
    const AnswerLayout layout(rows, columns);
    return memory.at<std::uint64_t>(column * layout.column + layout.known);
  }
};

/// One worker and the table that lies on its GPU.
class Tables {
 public:
  /// Errors: as make_gpu_backend().
  static Result<Tables> open(const GpuOptions& options);

  [[nodiscard]] std::string version() const;
  /// Errors: unavailable (the worker is gone), resource_exhausted (the GPU's memory), internal.
  [[nodiscard]] Result<> load(const TableRows& rows);
  [[nodiscard]] Result<TableAnswer> ask(const llt_rapids_question& question);

 private:
  Tables(WorkerProcess worker, const Reply& opened, std::string visible)
      : worker_(std::move(worker)), version_(opened.version), visible_(std::move(visible)) {}
  WorkerProcess worker_;
  std::string version_, visible_;
};

}  // namespace llt::analytics::gpu
