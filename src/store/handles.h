#pragma once
// Owners of DuckDB's C handles. Private to the store.

#include <duckdb.h>

#include <string>
#include <utility>

namespace llt::store {

/// Owns a handle that DuckDB's C API destroys through a pointer to it.
template <class Handle, void (*Destroy)(Handle*)>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, Handle{})) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, Handle{});
    }
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { reset(); }

  void reset() noexcept {
    if (handle_) Destroy(&handle_);
    handle_ = Handle{};
  }
  [[nodiscard]] Handle get() const noexcept { return handle_; }
  /// For C functions that fill a handle in.
  [[nodiscard]] Handle* out() noexcept {
    reset();
    return &handle_;
  }
  explicit operator bool() const noexcept { return handle_ != Handle{}; }

 private:
  Handle handle_{};
};

namespace detail {
inline void destroy_appender(duckdb_appender* appender) {
  static_cast<void>(duckdb_appender_destroy(appender));
}
}  // namespace detail

using Connection = Owned<duckdb_connection, duckdb_disconnect>;
using Prepared = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;
using Pending = Owned<duckdb_pending_result, duckdb_destroy_pending>;
using DataChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using LogicalType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;
using Statements = Owned<duckdb_extracted_statements, duckdb_destroy_extracted>;
using Appender = Owned<duckdb_appender, detail::destroy_appender>;

/// A result, which DuckDB keeps by value.
class ResultSet {
 public:
  ResultSet() = default;
  ResultSet(ResultSet&& other) noexcept : result_(std::exchange(other.result_, duckdb_result{})) {}
  ResultSet& operator=(ResultSet&& other) noexcept {
    if (this != &other) {
      duckdb_destroy_result(&result_);
      result_ = std::exchange(other.result_, duckdb_result{});
    }
    return *this;
  }
  ResultSet(const ResultSet&) = delete;
  ResultSet& operator=(const ResultSet&) = delete;
  ~ResultSet() { duckdb_destroy_result(&result_); }

  [[nodiscard]] duckdb_result* out() noexcept { return &result_; }
  [[nodiscard]] duckdb_result& get() noexcept { return result_; }

 private:
  duckdb_result result_{};
};

}  // namespace llt::store
