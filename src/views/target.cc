#include "views/target.h"

#include <charconv>

#include "base/ascii.h"

namespace llt::views {
namespace {

constexpr std::string_view kRepeatable = "filter";

// NUL is refused, plain or escaped: it can only be an attempt to cut a string short.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return std::nullopt;
    if (text[i] != '%') {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

}  // namespace

std::optional<std::string_view> Target::find(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::optional<bool> Target::flag(std::string_view name) const {
  const auto text = find(name);
  if (!text || *text == "0") return false;
  if (*text == "1") return true;
  return std::nullopt;
}

std::optional<Target> Target::parse(std::string_view text) {
  if (!text.starts_with('/')) return std::nullopt;
  text = text.substr(0, text.find('#'));
  const std::size_t question = text.find('?');
  auto path = percent_decode(text.substr(0, question), false);
  if (!path) return std::nullopt;
  Target target{std::move(*path), {}};
  std::string_view rest = question == std::string_view::npos ? std::string_view{} : text.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto key = percent_decode(pair.substr(0, equals), true);
    auto value =
        percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (!key || !value) return std::nullopt;
    if (*key != kRepeatable && target.find(*key)) return std::nullopt;  // which of the two is meant?
    target.parameters.emplace_back(std::move(*key), std::move(*value));
  }
  return target;
}

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size() || value < low || value > high)
    return std::nullopt;
  return value;
}

}  // namespace llt::views
