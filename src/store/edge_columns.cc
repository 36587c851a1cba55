#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"
#include "store/edge_file.h"

namespace llt::store {
namespace {

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 3> kSourceNames{"src", "source", "from"};
constexpr std::array<std::string_view, 4> kTargetNames{"dst", "target", "destination", "to"};
constexpr std::array<std::string_view, 1> kWeightNames{"weight"};
constexpr std::string_view kWanted =
    "the first line must name the columns, as in 'src,dst' or 'src,dst,weight'";

std::string listed(std::span<const std::string> names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "nothing" : readable(out);
}

Result<std::optional<std::size_t>> find_one(std::span<const std::string> names, Names wanted) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::ranges::find(wanted, lower(trimmed(names[i]))) == wanted.end()) continue;
    if (found) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("columns {} and {} of line 1 both hold the {}: {}", *found + 1, i + 1,
                              wanted.front(), listed(names)),
                  "remove or rename one of them");
    }
    found = i;
  }
  return found;
}

// One field from the front of `line`; quotes are taken off.
std::string take_field(std::string_view& line, char delimiter) {
  std::string field;
  bool quoted = false;
  std::size_t i = 0;
  for (; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"')
        field += line[i++];
      else
        quoted = !quoted;
    } else if (c == delimiter && !quoted) {
      break;
    } else {
      field += c;
    }
  }
  const bool more = i < line.size();
  line.remove_prefix(more ? i + 1 : i);
  if (!more) line = std::string_view();
  return std::string(trimmed(field));
}

std::vector<std::string> split(std::string_view line, char delimiter) {
  std::vector<std::string> fields;
  const bool ends_open = line.ends_with(delimiter);
  while (!line.empty()) fields.push_back(take_field(line, delimiter));
  if (ends_open) fields.emplace_back();
  return fields;
}

}  // namespace

Result<EdgeColumns> find_edge_columns(std::span<const std::string> names) {
  const auto source = find_one(names, kSourceNames);
  if (!source) return std::unexpected(source.error());
  const auto target = find_one(names, kTargetNames);
  if (!target) return std::unexpected(target.error());
  const auto weight = find_one(names, kWeightNames);
  if (!weight) return std::unexpected(weight.error());
  if (!*source || !*target) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("line 1 names no column {}; it reads: {}", !*source ? "src" : "dst", listed(names)),
        std::string(kWanted));
  }
  return EdgeColumns{**source, **target, *weight};
}

CsvHeader parse_csv_header(std::string_view line) {
  for (const char delimiter : {',', ';', '\t'}) {
    auto names = split(line, delimiter);
    if (find_edge_columns(names)) return {std::move(names), delimiter};
  }
  return {split(line, ','), ','};
}

}  // namespace llt::store
