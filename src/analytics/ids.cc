#include "analytics/ids.h"

#include <charconv>

namespace llt::analytics {
namespace {

// The number that an id is, if writing that number gives the id again.
std::optional<std::int64_t> whole_number(std::string_view id) {
  const std::string_view digits = id.starts_with('-') ? id.substr(1) : id;
  if (digits.empty() || digits.size() > 18) return std::nullopt;
  if (digits.front() == '0' && id.size() > 1) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), value);
  if (error != std::errc{} || end != id.data() + id.size()) return std::nullopt;
  return value;
}

}  // namespace

std::uint32_t IdTable::intern(std::string_view id) {
  const auto next = static_cast<std::uint32_t>(ids_.size());
  if (const auto number = whole_number(id)) {
    const auto [entry, added] = by_number_.try_emplace(*number, next);
    if (added) ids_.push_back({*number, false});
    return entry->second;
  }
  if (const auto entry = by_text_.find(id); entry != by_text_.end()) return entry->second;
  texts_.emplace_back(id);
  by_text_.emplace(texts_.back(), next);
  ids_.push_back({static_cast<std::int64_t>(texts_.size() - 1), true});
  return next;
}

std::optional<std::uint32_t> IdTable::find(std::string_view id) const {
  if (const auto number = whole_number(id)) {
    const auto entry = by_number_.find(*number);
    return entry == by_number_.end() ? std::nullopt : std::optional(entry->second);
  }
  const auto entry = by_text_.find(id);
  return entry == by_text_.end() ? std::nullopt : std::optional(entry->second);
}

std::string IdTable::text(std::uint32_t number) const {
  const Id& id = ids_[number];
  return id.is_text ? texts_[static_cast<std::size_t>(id.number)] : std::to_string(id.number);
}

}  // namespace llt::analytics
