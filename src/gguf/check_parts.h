#pragma once
// The parts of check(); used by it alone.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/check.h"

namespace llt::gguf {

/// Collects findings, up to a limit.
class Findings {
 public:
  void error(std::string where, std::string_view name, std::string_view sentence) {
    add(Severity::error, std::move(where), name, sentence);
  }
  void warning(std::string where, std::string_view name, std::string_view sentence) {
    add(Severity::warning, std::move(where), name, sentence);
  }
  [[nodiscard]] std::vector<Finding> take();

 private:
  void add(Severity severity, std::string where, std::string_view name, std::string_view sentence);

  std::vector<Finding> found_;
  std::uint64_t unsaid_ = 0;
};

[[nodiscard]] std::string where_tensor(const Tensor& tensor);
[[nodiscard]] std::string where_key(std::string_view key);
[[nodiscard]] std::string where_file(const ModelPart& part);

/// Keys and values: duplicates, text, required keys, alignment, splits, numbers for each block.
void check_metadata(const ModelFile& model, Findings& findings);
/// Tokens and the tables beside them.
void check_vocabulary(const ModelFile& model, Findings& findings);
/// Names, types and shapes of tensors, and blocks without any.
void check_tensors(const ModelFile& model, Findings& findings);
/// Where the tensors' data lies in each file.
void check_layout(const ModelFile& model, Findings& findings);

}  // namespace llt::gguf
