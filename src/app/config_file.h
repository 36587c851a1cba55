#pragma once
// llamatelemetry.toml: the same options as the command line, one key each.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace llt::app {

/// One key of the file. A list has any number of items, everything else exactly one.
struct ConfigEntry {
  std::vector<std::string> items;
  int line = 0;  ///< 1-based
};

struct ConfigFile {
  std::string path;  ///< empty when there is no file
  std::map<std::string, ConfigEntry, std::less<>> entries;
};

/// Parses TOML text: top-level strings, integers, booleans and arrays of strings. `path` is for messages.
/// Keys are not judged here.
[[nodiscard]] Result<ConfigFile> parse_config(std::string_view text, std::string path);

/// Reads `explicit_path`, which must exist; without one ./llamatelemetry.toml, then
/// ~/.config/llamatelemetry/llamatelemetry.toml, and neither has to exist.
[[nodiscard]] Result<ConfigFile> read_config(const std::optional<std::string>& explicit_path);

}  // namespace llt::app
