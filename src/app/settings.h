#pragma once
// Options that may stand on the command line, in the environment and in llamatelemetry.toml. A flag beats
// LLAMATELEMETRY_*, which beats the file.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_file.h"
#include "base/error.h"

namespace llt::app {

enum class SettingKind {
  text,  ///< one value
  list,  ///< any number; the environment separates items by commas
  flag,  ///< true or false
};

/// One option of `up`. The flag is "--" + key, the variable LLAMATELEMETRY_ + KEY with '_' for '-'.
struct SettingSpec {
  std::string_view key;
  SettingKind kind;
  std::string_view value_name;  ///< FILE, ADDR:PORT, ...; empty for flags
  std::string_view meaning;     ///< one line for --help, default included
};

/// Every option that the file may name, in the order of the help text.
[[nodiscard]] std::span<const SettingSpec> setting_specs();

/// Where a value was found, strongest first.
enum class Origin { flag, environment, file };

struct SettingValue {
  std::vector<std::string> items;
  Origin origin;
  std::string where;  ///< for messages: "--ctx", "LLAMATELEMETRY_CTX" or "llamatelemetry.toml:4: ctx"
};

/// Values given on the command line, by key.
using FlagValues = std::map<std::string, std::vector<std::string>, std::less<>>;
/// Looks a variable up; nullptr when it is not set.
using Environment = std::function<const char*(const char*)>;

/// The values that count, untyped.
class Settings {
 public:
  /// Refuses keys of the file that no option has, naming the line.
  [[nodiscard]] static Result<Settings> resolve(const FlagValues& flags, const Environment& environment,
                                                const ConfigFile& file);

  /// nullptr when nobody gave the option.
  [[nodiscard]] const SettingValue* find(std::string_view key) const;

  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> list(std::string_view key) const;
  [[nodiscard]] Result<bool> flag(std::string_view key) const;

  /// Parses the value by `parse`, which returns Result<T>; `fallback` when not given. The error names where
  /// the value stood.
  template <class T, class Parse>
  [[nodiscard]] Result<T> parsed(std::string_view key, T fallback, Parse parse) const {
    const SettingValue* value = find(key);
    if (value == nullptr) return fallback;
    auto result = parse(value->items.front());
    if (!result) return std::unexpected(at(*value, result.error()));
    return T(std::move(*result));
  }

  /// Puts where the value stood in front of an error's message.
  [[nodiscard]] static Error at(const SettingValue& value, Error error);

 private:
  std::map<std::string, SettingValue, std::less<>> values_;
};

/// LLAMATELEMETRY_LLAMA_SERVER for "llama-server".
[[nodiscard]] std::string environment_name(std::string_view key);

/// Names in `environment` (as `environ`) that begin like ours and that nothing reads: slips.
[[nodiscard]] std::vector<std::string> unknown_variables(const char* const* environment);

}  // namespace llt::app
