#pragma once
// The user's standard folders, by the XDG base directory rules.

#include <filesystem>

namespace llt::app {

/// $HOME, or the account's folder when the variable is not set; "." as a last resort.
[[nodiscard]] std::filesystem::path home();
[[nodiscard]] std::filesystem::path config_home();  ///< $XDG_CONFIG_HOME or ~/.config
[[nodiscard]] std::filesystem::path data_home();    ///< $XDG_DATA_HOME or ~/.local/share
[[nodiscard]] std::filesystem::path cache_home();   ///< $XDG_CACHE_HOME or ~/.cache

/// Replaces a leading "~/" by the home folder, for paths that no shell has seen.
[[nodiscard]] std::filesystem::path expand_home(const std::string& path);

}  // namespace llt::app
