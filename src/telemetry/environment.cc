#include "telemetry/environment.h"

#include <charconv>
#include <cstdlib>

#include "base/ascii.h"
#include "base/log.h"

namespace llt::telemetry {
namespace {

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

Environment fixed_environment(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end() || found->second.empty()) return std::nullopt;
    return found->second;
  };
}

std::int64_t integer_or(const Environment& environment, std::string_view name, std::int64_t fallback) {
  const auto text = environment(name);
  if (!text) return fallback;
  const std::string_view digits = trimmed(*text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) {
    spdlog::warn("{}={} is not a number; using {}", name, *text, fallback);
    return fallback;
  }
  return value;
}

bool is_true(const Environment& environment, std::string_view name) {
  const auto text = environment(name);
  if (!text || text->size() != 4) return false;
  constexpr std::string_view kTrue = "true";
  for (std::size_t i = 0; i < kTrue.size(); ++i) {
    if (((*text)[i] | 0x20) != kTrue[i]) return false;
  }
  return true;
}

std::map<std::string, std::string> parse_pairs(std::string_view text) {
  std::map<std::string, std::string> pairs;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view pair = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = trimmed(pair.substr(0, equals));
    if (key.empty()) continue;
    pairs[percent_decode(key)] = percent_decode(trimmed(pair.substr(equals + 1)));
  }
  return pairs;
}

}  // namespace llt::telemetry
