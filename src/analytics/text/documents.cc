#include "analytics/text/documents.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "analytics/text/csv_rows.h"

namespace llt::analytics {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

std::unexpected<Error> bad(std::uint64_t line, std::string_view what) {
  return fail(ErrorCode::data_loss, fmt::format("line {} {}", line, what), "correct or remove it");
}

class Collector {
 public:
  Result<> add(Document document) {
    if (is_blank(document.text)) return bad(document.line, "has a document without text");
    if (document.text.find('\0') != std::string::npos) return bad(document.line, "has a zero byte in it");
    if (document.id.empty()) document.id = std::to_string(document.line);
    const auto [entry, added] = seen_.try_emplace(document.id, document.line);
    if (!added) {
      return bad(document.line,
                 fmt::format("has the id '{}', which line {} has already", document.id, entry->second));
    }
    if (!documents_.empty() && documents_.front().vector.size() != document.vector.size()) {
      return bad(document.line,
                 fmt::format("has an embedding of {} numbers, line {} one of {}", document.vector.size(),
                             documents_.front().line, documents_.front().vector.size()));
    }
    documents_.push_back(std::move(document));
    return {};
  }
  std::vector<Document> take() { return std::move(documents_); }

 private:
  std::vector<Document> documents_;
  std::unordered_map<std::string, std::uint64_t> seen_;
};

template <class Visit>
Result<> each_line(std::string_view bytes, Visit&& visit) {
  for (std::uint64_t line = 1; !bytes.empty(); ++line) {
    const std::size_t end = bytes.find('\n');
    std::string_view text = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (is_blank(text)) continue;
    if (auto done = visit(text, line); !done) return done;
  }
  return {};
}

Result<> add_vector(const nlohmann::json& numbers, Document& document) {
  if (!numbers.is_array() || numbers.empty())
    return bad(document.line, "has an embedding that is no list of numbers");
  for (const auto& number : numbers) {
    if (!number.is_number()) return bad(document.line, "has an embedding that is no list of numbers");
    const auto value = number.get<float>();
    if (!std::isfinite(value)) return bad(document.line, "has an embedding with a number too large");
    document.vector.push_back(value);
  }
  return {};
}

Result<Document> document_of(std::string_view text, std::uint64_t line) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  Document document;
  document.line = line;
  if (json.is_string()) {
    document.text = json.get<std::string>();
    return document;
  }
  if (!json.is_object()) return bad(line, "is no JSON object");
  if (!json.contains("text") || !json["text"].is_string())
    return bad(line, "has no member \"text\" that is a text");
  document.text = json["text"].get<std::string>();
  if (json.contains("id")) {
    const auto& id = json["id"];
    if (!id.is_string() && !id.is_number_integer())
      return bad(line, "has an id that is neither text nor a whole number");
    document.id = id.is_string() ? id.get<std::string>() : id.dump();
  }
  if (json.contains("embedding")) {
    if (auto added = add_vector(json["embedding"], document); !added) return std::unexpected(added.error());
  }
  return document;
}

Result<> add_csv(std::string_view bytes, Collector& all) {
  CsvRows rows(bytes);
  auto header = rows.next();
  if (!header) return std::unexpected(header.error());
  const auto column = [&](std::string_view name) {
    return std::ranges::find(header->fields, name) - header->fields.begin();
  };
  const auto width = static_cast<std::ptrdiff_t>(header->fields.size());
  const auto text = column("text"), id = column("id");
  if (text == width)
    return fail(ErrorCode::data_loss, "line 1 names no column text",
                "name the columns there: text, perhaps id");
  while (!rows.at_end()) {
    auto row = rows.next();
    if (!row) return std::unexpected(row.error());
    if (row->fields.size() == 1 && is_blank(row->fields.front())) continue;
    if (static_cast<std::ptrdiff_t>(row->fields.size()) != width)
      return bad(row->line, fmt::format("has {} fields, the header {}", row->fields.size(), width));
    Document document;
    document.line = row->line;
    document.text = std::move(row->fields[static_cast<std::size_t>(text)]);
    if (id != width) document.id = std::move(row->fields[static_cast<std::size_t>(id)]);
    if (auto added = all.add(std::move(document)); !added) return added;
  }
  return {};
}

Result<> add_all(std::string_view bytes, TextFormat format, Collector& all) {
  if (format == TextFormat::csv) return add_csv(bytes, all);
  return each_line(bytes, [&](std::string_view text, std::uint64_t line) -> Result<> {
    if (format == TextFormat::lines) return all.add({{}, std::string(text), {}, line});
    auto document = document_of(text, line);
    if (!document) return std::unexpected(document.error());
    return all.add(std::move(*document));
  });
}

TextFormat format_of(const std::filesystem::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".jsonl" || ending == ".ndjson") return TextFormat::json_lines;
  return ending == ".csv" ? TextFormat::csv : TextFormat::lines;
}

std::uint64_t line_of_bad_utf8(std::string_view bytes) {
  std::uint64_t line = 1;
  while (true) {
    const std::size_t end = bytes.find('\n');
    const std::string_view text = bytes.substr(0, end);
    if (!simdjson::validate_utf8(text.data(), text.size()) || end == std::string_view::npos) return line;
    bytes.remove_prefix(end + 1);
    ++line;
  }
}

}  // namespace

Result<std::vector<Document>> parse_documents(std::string_view bytes, TextFormat format) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  if (!simdjson::validate_utf8(bytes.data(), bytes.size()))
    return bad(line_of_bad_utf8(bytes), "is not UTF-8");
  Collector all;
  if (auto done = add_all(bytes, format, all); !done) return std::unexpected(done.error());
  return all.take();
}

Result<std::vector<Document>> read_documents(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return fail(ErrorCode::not_found, fmt::format("{} is no file", file.string()));
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::permission_denied, fmt::format("cannot read {}", file.string()));
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto documents = parse_documents(bytes, format_of(file));
  if (!documents) documents.error().message = file.string() + ": " + documents.error().message;
  if (documents && documents->empty())
    return fail(ErrorCode::invalid_argument, fmt::format("{} has no documents in it", file.string()));
  return documents;
}

}  // namespace llt::analytics
