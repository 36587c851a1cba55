#pragma once
// What the tests of the store share.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "store/store.h"

namespace llt::store::testing {

/// A folder of its own for each test, removed at its end.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "llt-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Opens or ends the test.
inline std::unique_ptr<Store> must_open(const std::filesystem::path& dir, Options options = {}) {
  auto store = Store::open(dir, std::move(options));
  if (!store) {
    ADD_FAILURE() << store.error().to_string();
    std::abort();
  }
  return std::move(*store);
}

/// Opens one that keeps rows of any age and shows them soon.
inline std::unique_ptr<Store> must_open_for_ever(const std::filesystem::path& dir) {
  Options options;
  options.retention_seconds = 0;
  options.flush_interval_ms = 20;
  return must_open(dir, std::move(options));
}

/// The result as CSV without its header, lines joined by '\n'; "error: ..." when it failed.
inline std::string ask(Reader& reader, std::string_view sql) {
  auto text = reader.query_text(sql, Format::csv);
  if (!text) return "error: " + text.error().message;
  std::string out;
  for (const char c : text->substr(text->find('\n') + 1)) {
    if (c != '\r') out += c;
  }
  if (!out.empty()) out.pop_back();
  return out;
}

/// A row with the members that must be there.
inline RequestRow request(std::int64_t number, std::int64_t start_unix_ns = 1'000) {
  RequestRow row;
  row.request_id = "r" + std::to_string(number);
  row.trace_id = "0123456789abcdef0123456789abcdef";
  row.start_unix_ns = start_unix_ns;
  row.route = "/v1/chat/completions";
  row.total_ns = number;
  return row;
}

/// Ageing off: the rows of the tests are from 1970.
inline Options keep_all() {
  Options options;
  options.retention_seconds = 0;
  options.flush_interval_ms = 50;
  return options;
}

}  // namespace llt::store::testing
