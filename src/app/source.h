#pragma once
// Where SQL is asked: the running instance, when there is one, otherwise the folder.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/run_file.h"
#include "app/settings.h"
#include "base/error.h"
#include "store/reader.h"

namespace llt::app {

/// A Reader that finds out at each query whom to ask: DuckDB lets one process write, and that process is
/// `up` while it runs. An instance that starts or stops in between is waited for. One thread.
class Source : public store::Reader {
 public:
  /// Reads --data and --api-key-file. Opens nothing yet.
  [[nodiscard]] static Result<std::unique_ptr<Source>> make(const Settings& settings);

  [[nodiscard]] Result<store::QueryInfo> query(std::string_view sql, store::Format format,
                                               const store::QueryLimits& limits,
                                               const store::Sink& sink) override;

  /// GET `target` from the running instance's console. Fails with not_found when nothing runs.
  [[nodiscard]] Result<std::string> get(const std::string& target) const;

  [[nodiscard]] std::optional<RunInfo> running() const { return find_running(data_); }
  [[nodiscard]] const std::filesystem::path& data() const noexcept { return data_; }

 private:
  Source(std::filesystem::path data, std::string api_key)
      : data_(std::move(data)), api_key_(std::move(api_key)) {}

  [[nodiscard]] Result<store::QueryInfo> ask_instance(const RunInfo& instance, std::string_view sql,
                                                      store::Format format, const store::QueryLimits& limits,
                                                      const store::Sink& sink) const;

  std::filesystem::path data_;
  std::string api_key_;
  std::unique_ptr<store::Reader> folder_;  ///< kept open once nothing runs
};

}  // namespace llt::app
