#pragma once
// Answers of an engine, kept line by line in a file of the user's, so that an interrupted run goes on where
// it was.

#include <filesystem>
#include <fstream>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/error.h"

namespace llt::app {

class WorkFile {
 public:
  /// Without a path nothing is kept. `subject` says what the answers are, model included: others' lines are
  /// left alone. A last line that was cut off is dropped. Errors: permission_denied, data_loss (not such a
  /// file).
  [[nodiscard]] static Result<WorkFile> open(const std::filesystem::path& path, const std::string& subject);

  [[nodiscard]] const std::string* find(std::string_view text) const;
  /// `answer` is one JSON document. It is on its way to the disk when this returns.
  [[nodiscard]] Result<> add(std::string_view text, const std::string& answer);

  [[nodiscard]] bool kept() const noexcept { return !path_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return answers_.size(); }

 private:
  explicit WorkFile(std::string subject) : subject_(std::move(subject)) {}
  [[nodiscard]] Result<> load();
  [[nodiscard]] std::string key_of(std::string_view text) const;

  std::string subject_;
  std::filesystem::path path_;
  std::ofstream out_;
  std::unordered_map<std::string, std::string> answers_;
};

}  // namespace llt::app
