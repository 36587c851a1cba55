#pragma once
// The engine's probe: where its library is, where its rings go, and whether an engine can be started with it.

#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"

namespace llt::app {

/// libllamatelemetry_probe.so: $LLAMATELEMETRY_PROBE_LIBRARY, else beside the program, else in ../lib.
[[nodiscard]] Result<std::filesystem::path> find_probe_library();

/// The folder of the rings that the instance with this data folder reads; in memory where that can be.
[[nodiscard]] std::filesystem::path probe_folder(const std::filesystem::path& data);

/// Makes that folder, for us alone.
[[nodiscard]] Result<> make_probe_folder(const std::filesystem::path& folder);

/// Nothing when `engine` can be started with the probe; otherwise why not.
[[nodiscard]] Result<> check_can_probe(const std::filesystem::path& engine);

/// The environment that makes an engine load the probe and write to `folder`.
[[nodiscard]] std::map<std::string, std::string> probe_environment(const std::filesystem::path& library,
                                                                   const std::filesystem::path& folder);

}  // namespace llt::app
