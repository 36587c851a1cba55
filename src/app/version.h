#pragma once

#include <string_view>

namespace llt::app {
/// The program's version, from the build.
inline constexpr std::string_view kVersion = LLAMATELEMETRY_VERSION;
}  // namespace llt::app
