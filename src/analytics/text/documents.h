#pragma once
// Texts of the user's, each with an id: what similarity and knowledge are made from.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace llt::analytics {

struct Document {
  std::string id;             ///< as in the input; otherwise the number of its line
  std::string text;           ///< UTF-8, not blank
  std::vector<float> vector;  ///< its embedding, when the input has it; otherwise empty
  std::uint64_t line = 0;     ///< where it begins, from 1
};

enum class TextFormat : std::uint8_t {
  lines,       ///< a document a line; blank lines are no documents
  json_lines,  ///< an object a line: "text", perhaps "id" and "embedding"; or just a text
  csv,         ///< RFC 4180 with a header: a column `text`, perhaps `id`
};

/// Nothing is skipped. Errors (data_loss): what is no document, an id that comes twice, embeddings of
/// different lengths, always with the line.
[[nodiscard]] Result<std::vector<Document>> parse_documents(std::string_view bytes, TextFormat format);

/// By the file's name: .jsonl and .ndjson, .csv, anything else is lines.
[[nodiscard]] Result<std::vector<Document>> read_documents(const std::filesystem::path& file);

}  // namespace llt::analytics
