#include "engine/engine_log.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace llt::engine {
namespace {

std::string without_colours(std::string_view line) {
  std::string text;
  text.reserve(line.size());
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b' && i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && (line[i] < '@' || line[i] > '~')) ++i;
      continue;
    }
    if (line[i] != '\r' && line[i] != '\0') text.push_back(line[i]);
  }
  return text;
}

std::optional<LogLevel> level_of(char letter) {
  switch (letter) {
    case 'D':
    case 'T':
      return LogLevel::debug;
    case 'I':
      return LogLevel::info;
    case 'W':
      return LogLevel::warning;
    case 'E':
      return LogLevel::error;
    default:
      return std::nullopt;
  }
}

// Length of "0.00.001.147 " at the start, or 0.
std::size_t time_prefix(std::string_view text) {
  const auto end = text.find_first_not_of("0123456789.");
  if (end == std::string_view::npos || end < 7 || text[end] != ' ') return 0;
  return std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '.') == 3 ? end + 1 : 0;
}

// The value in "... name   = value", where name ends at the equals sign.
std::optional<std::string_view> value_of(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(at + name.size());
  const auto equals = rest.find_first_not_of(' ');
  if (equals == std::string_view::npos || rest[equals] != '=') return std::nullopt;
  return trimmed(rest.substr(equals + 1));
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  return ec == std::errc{} && end != text.data() ? std::optional(value) : std::nullopt;
}

void note_flash_attention(bool on, LogFacts& facts) {
  facts.flash_attention = facts.flash_attention.value_or(true) && on;
}

void read_flash_attention(std::string_view text, LogFacts& facts) {
  if (text.find("Flash Attention") != std::string_view::npos) {
    if (text.ends_with("enabled")) note_flash_attention(true, facts);
    if (text.ends_with("disabled")) note_flash_attention(false, facts);
    return;
  }
  const auto value = value_of(text, ": flash_attn");
  if (!value) return;
  if (*value == "enabled" || *value == "1" || *value == "on") note_flash_attention(true, facts);
  if (*value == "disabled" || *value == "0" || *value == "off") note_flash_attention(false, facts);
}

// "loaded CPU backend from /x/libggml-cpu-zen4.so" -> "CPU zen4"; "... CUDA backend from ..." -> "CUDA".
void read_backend(std::string_view text, LogFacts& facts) {
  constexpr std::string_view kLoaded = "loaded ";
  const auto at = text.find(kLoaded);
  const auto backend_at = text.find(" backend from ");
  if (at == std::string_view::npos || backend_at == std::string_view::npos || backend_at < at) return;
  std::string name(text.substr(at + kLoaded.size(), backend_at - at - kLoaded.size()));
  const auto variant = text.find("libggml-cpu-");
  if (variant != std::string_view::npos) {
    std::string_view rest = text.substr(variant + 12);
    name += " " + std::string(rest.substr(0, rest.find('.')));
  }
  if (!facts.backend.empty()) facts.backend += ", ";
  facts.backend += name;
}

// "build 0 (unknown) with GNU" and the older "build: 6000 (abcdef12) with cc".
void read_build(std::string_view text, LogFacts& facts) {
  auto at = text.find("build ");
  std::size_t skip = 6;
  if (at == std::string_view::npos) {
    at = text.find("build: ");
    skip = 7;
  }
  if (at == std::string_view::npos || text.find(") with ") == std::string_view::npos) return;
  std::string_view rest = text.substr(at + skip);
  const auto open = rest.find(" (");
  const auto close = rest.find(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
  const auto build = number(rest);
  if (build && *build > 0) facts.build = "b" + std::to_string(*build);
  const auto commit = rest.substr(open + 2, close - open - 2);
  if (commit != "unknown") facts.commit = commit;
}

void read_model(std::string_view text, LogFacts& facts) {
  if (text.find("print_info: arch ") != std::string_view::npos) {
    if (const auto value = value_of(text, "arch")) facts.architecture = *value;
  } else if (text.find("print_info: file type") != std::string_view::npos) {
    if (const auto value = value_of(text, "file type")) facts.quantization = *value;
  } else if (text.find("llama_context: n_ctx ") != std::string_view::npos) {
    if (const auto value = value_of(text, "n_ctx")) facts.context_tokens = number(*value);
  } else if (text.find("initializing") != std::string_view::npos) {
    if (const auto value = value_of(text, "n_slots")) facts.slots = number(*value);
  } else if (text.find("system_info: ") != std::string_view::npos) {
    if (const auto value = value_of(text, "n_threads")) facts.threads = number(*value);
  }
}

}  // namespace

LogLine parse_log_line(std::string_view line) {
  LogLine result;
  const std::string clean = without_colours(line);
  std::string_view text = clean;
  text.remove_prefix(time_prefix(text));
  if (text.size() > 2 && text[1] == ' ') {
    if (const auto level = level_of(text[0])) {
      result.level = *level;
      result.has_level = true;
      text.remove_prefix(2);
    }
  }
  if (!result.has_level &&
      (text.starts_with("error") || text.find("GGML_ASSERT") != std::string_view::npos)) {
    result.level = LogLevel::error;
  }
  const auto last = text.find_last_not_of(" \t");
  result.text = last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
  return result;
}

void read_log_facts(std::string_view text, LogFacts& facts) {
  read_flash_attention(text, facts);
  read_backend(text, facts);
  read_build(text, facts);
  read_model(text, facts);
  if (text.find("model loaded") != std::string_view::npos) facts.model_loaded = true;
}

}  // namespace llt::engine
