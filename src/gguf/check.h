#pragma once
// What is wrong with a model whose head can be read.

#include <string>
#include <string_view>
#include <vector>

#include "gguf/model_file.h"

namespace llt::gguf {

enum class Severity {
  error,    ///< llama.cpp refuses the file, or reads wrong bytes from it
  warning,  ///< it loads, and something will not be as expected
};

[[nodiscard]] std::string_view to_string(Severity severity) noexcept;

struct Finding {
  Severity severity = Severity::error;
  std::string where;    ///< "tensor 'output.weight'", "metadata 'general.alignment'", "file a.gguf"
  std::string message;  ///< "NAME: sentence"; the names are listed in README.md and do not change
};

/// Every offset, alignment, overlap, gap, size, duplicate and required key. Time in proportion to the head;
/// at most 1000 findings, after which one says how many more there were.
[[nodiscard]] std::vector<Finding> check(const ModelFile& model);

/// The finding of a file that open() refused with `error`.
[[nodiscard]] Finding unreadable(const std::string& path, const Error& error);

}  // namespace llt::gguf
