#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace llt {

void init_log() {
  auto logger = spdlog::stderr_color_mt("llamatelemetry");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  const char* given = std::getenv("LLAMATELEMETRY_LOG_LEVEL");
  const std::string_view wanted = given == nullptr ? "" : given;
  const auto level = spdlog::level::from_str(std::string(wanted));
  // What spdlog does not know it takes for "off", which would hide every trouble behind a slip.
  const bool known = level != spdlog::level::off || wanted == "off";
  if (known && !wanted.empty()) logger->set_level(level);
  spdlog::set_default_logger(std::move(logger));
  if (!known && !wanted.empty()) {
    spdlog::warn(
        "LLAMATELEMETRY_LOG_LEVEL={} is not known; using info (choose trace, debug, info, warn, error or "
        "off)",
        wanted);
  }
}

}  // namespace llt
