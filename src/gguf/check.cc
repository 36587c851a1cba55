#include "gguf/check.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "gguf/check_parts.h"

namespace llt::gguf {
namespace {

constexpr std::size_t kMostFindings = 1000;

}  // namespace

std::string_view to_string(Severity severity) noexcept {
  return severity == Severity::error ? "error" : "warning";
}

void Findings::add(Severity severity, std::string where, std::string_view name, std::string_view sentence) {
  if (found_.size() == kMostFindings) {
    ++unsaid_;
    return;
  }
  found_.push_back({severity, std::move(where), fmt::format("{}: {}", name, sentence)});
}

std::vector<Finding> Findings::take() {
  if (unsaid_ != 0) {
    found_.push_back(
        {Severity::warning, "file", fmt::format("more: {} further findings are not listed", unsaid_)});
  }
  return std::move(found_);
}

std::string where_tensor(const Tensor& tensor) { return fmt::format("tensor '{}'", readable(tensor.name)); }
std::string where_key(std::string_view key) { return fmt::format("metadata '{}'", readable(key)); }
std::string where_file(const ModelPart& part) {
  return fmt::format("file {}", readable(part.path.filename().string()));
}

std::vector<Finding> check(const ModelFile& model) {
  Findings findings;
  check_metadata(model, findings);
  check_vocabulary(model, findings);
  check_tensors(model, findings);
  check_layout(model, findings);
  return findings.take();
}

Finding unreadable(const std::string& path, const Error& error) {
  const std::string sentence = error.hint.empty() ? error.message : error.message + "; " + error.hint;
  return {Severity::error, fmt::format("file {}", readable(path)), "unreadable: " + sentence};
}

}  // namespace llt::gguf
