#include "views/recent_rows.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace llt::views {
namespace {

std::string row_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Clients choose X-Request-Id, so the id alone does not tell two requests apart.
std::string key_of(const nlohmann::json& row) {
  const auto member = [&row](const char* name) {
    const auto found = row.find(name);
    return found == row.end() ? std::string{} : row_text(*found);
  };
  return member("request_id") + member("start_unix_ns") + member("trace_id");
}

}  // namespace

std::string RecentRows::absorb(std::string_view rows_json) {
  const nlohmann::json rows = nlohmann::json::parse(rows_json, nullptr, false);
  std::vector<Row> fresh;
  if (rows.is_array()) {
    for (const nlohmann::json& row : rows) {
      if (!row.is_object()) continue;
      std::string key = key_of(row);
      if (keys_.insert(key).second) fresh.push_back({std::move(key), row_text(row)});
    }
  }
  std::string text = "[";
  for (const Row& row : fresh) {
    if (text.size() > 1) text += ',';
    text += row.json;
  }
  for (auto row = fresh.rbegin(); row != fresh.rend(); ++row) rows_.push_front(std::move(*row));
  while (rows_.size() > capacity_) {
    keys_.erase(rows_.back().key);
    rows_.pop_back();
  }
  return text + "]";
}

std::string RecentRows::all() const {
  std::string text = "[";
  for (const Row& row : rows_) {
    if (text.size() > 1) text += ',';
    text += row.json;
  }
  return text + "]";
}

void RecentRows::clear() {
  rows_.clear();
  keys_.clear();
}

}  // namespace llt::views
