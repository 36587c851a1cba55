#include "app/paths.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace llt::app {
namespace {

// Relative paths in these variables are invalid by the XDG rules and ignored.
std::filesystem::path xdg(const char* variable, const char* below_home) {
  const char* value = std::getenv(variable);
  if (value != nullptr && value[0] == '/') return value;
  return home() / below_home;
}

}  // namespace

std::filesystem::path home() {
  const char* value = std::getenv("HOME");
  if (value != nullptr && value[0] != '\0') return value;
  const passwd* account = getpwuid(getuid());
  return account != nullptr ? account->pw_dir : ".";
}

std::filesystem::path config_home() { return xdg("XDG_CONFIG_HOME", ".config"); }
std::filesystem::path data_home() { return xdg("XDG_DATA_HOME", ".local/share"); }
std::filesystem::path cache_home() { return xdg("XDG_CACHE_HOME", ".cache"); }

std::filesystem::path expand_home(const std::string& path) {
  if (path == "~") return home();
  if (path.starts_with("~/")) return home() / path.substr(2);
  return path;
}

}  // namespace llt::app
