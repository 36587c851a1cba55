#include "gateway/http_head.h"

#include <algorithm>

namespace llt::gateway {
namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

void HeaderBlock::add(http::field id, std::string_view name, std::string_view value) {
  Entry entry{id, static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()), 0,
              static_cast<std::uint32_t>(value.size())};
  text_.append(name);
  entry.value_at = static_cast<std::uint32_t>(text_.size());
  text_.append(value);
  entries_.push_back(entry);
}

HeaderBlock::Field HeaderBlock::operator[](std::size_t index) const noexcept {
  const Entry& entry = entries_[index];
  const std::string_view text = text_;
  return {entry.id, text.substr(entry.name_at, entry.name_size),
          text.substr(entry.value_at, entry.value_size)};
}

std::string_view HeaderBlock::value(http::field id) const noexcept {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].id == id) return (*this)[i].value;
  }
  return {};
}

std::string_view HeaderBlock::value(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Field field = (*this)[i];
    if (iequals(field.name, name)) return field.value;
  }
  return {};
}

std::size_t HeaderBlock::count(http::field id) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(entries_, id, &Entry::id));
}

bool has_content_type(const ResponseReader& answer, std::string_view type) noexcept {
  const std::string_view value = answer.headers.value(http::field::content_type);
  return iequals(trim(value.substr(0, value.find(';'))), type);
}

bool iequals(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (iequals(trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

bool is_hop_by_hop(const HeaderBlock::Field& field, std::string_view connection) noexcept {
  switch (field.id) {
    case http::field::connection:
    case http::field::keep_alive:
    case http::field::proxy_authenticate:
    case http::field::proxy_authorization:
    case http::field::proxy_connection:
    case http::field::te:
    case http::field::trailer:
    case http::field::transfer_encoding:
    case http::field::upgrade:
      return true;
    default:
      return !connection.empty() && has_token(connection, field.name);
  }
}

std::string_view origin_form(std::string_view target) noexcept {
  if (target.starts_with('/')) return target;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;  // "*" of OPTIONS
  const std::size_t slash = target.find('/', scheme + 3);
  return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
}

std::string_view path_of(std::string_view origin_target) noexcept {
  return origin_target.substr(0, origin_target.find_first_of("?#"));
}

}  // namespace llt::gateway
