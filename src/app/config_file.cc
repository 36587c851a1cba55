#include "app/config_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/paths.h"

// toml++ 3.3 assumes that what follows "[" is a key, and only then checks it: "[=" would end a debug build
// and be undefined behaviour in a release build. Without its assumptions the check that follows reports the
// error.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

namespace llt::app {
namespace {

constexpr std::string_view kFileName = "llamatelemetry.toml";
constexpr std::uintmax_t kMaxFileBytes = 1 << 20;

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

std::unexpected<Error> wrong_value(const std::string& path, const toml::node& node, std::string_view key) {
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("{}:{}: the value of '{}' is not one that an option takes", path, line_of(node), key),
      "write a text, a whole number, true or false, or a list of texts");
}

// The text of a scalar as it would stand on the command line; nothing for other kinds.
std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return std::nullopt;
}

Result<ConfigEntry> read_entry(const std::string& path, std::string_view key, const toml::node& node) {
  ConfigEntry entry{{}, line_of(node)};
  if (auto text = scalar_text(node)) {
    entry.items.push_back(std::move(*text));
    return entry;
  }
  const auto* list = node.as_array();
  if (list == nullptr) return wrong_value(path, node, key);
  for (const toml::node& item : *list) {
    auto text = scalar_text(item);
    if (!text) return wrong_value(path, item, key);
    entry.items.push_back(std::move(*text));
  }
  return entry;
}

Result<std::string> read_text(const std::filesystem::path& path) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} is a folder, not a file", path.string()));
  }
  const auto size = std::filesystem::file_size(path, ec);
  if (!ec && size > kMaxFileBytes) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is too large to be a configuration", path.string()));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return fail(ErrorCode::not_found, fmt::format("cannot open {}: {}", path.string(), std::strerror(errno)));
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

Result<ConfigFile> parse_config(std::string_view text, std::string path) {
  ConfigFile file{std::move(path), {}};
  try {
    const toml::table table = toml::parse(text, file.path);
    for (const auto& [key, node] : table) {
      auto entry = read_entry(file.path, key.str(), node);
      if (!entry) return std::unexpected(entry.error());
      file.entries.emplace(std::string(key.str()), std::move(*entry));
    }
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}:{}: {}", file.path, error.source().begin.line, error.description()));
  }
  return file;
}

Result<ConfigFile> read_config(const std::optional<std::string>& explicit_path) {
  std::filesystem::path chosen;
  if (explicit_path) {
    chosen = *explicit_path;
  } else {
    const auto candidates = {std::filesystem::path(kFileName), config_home() / "llamatelemetry" / kFileName};
    for (const auto& candidate : candidates) {
      std::error_code ec;
      if (chosen.empty() && std::filesystem::exists(candidate, ec)) chosen = candidate;
    }
    if (chosen.empty()) return ConfigFile{};
  }
  auto text = read_text(chosen);
  if (!text) return std::unexpected(text.error());
  return parse_config(*text, chosen.string());
}

}  // namespace llt::app
