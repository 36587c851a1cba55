#pragma once
// The program's log: spdlog to stderr, so that stdout carries results only.

#include <spdlog/spdlog.h>

namespace llt {

/// Call once at start. Honours LLAMATELEMETRY_LOG_LEVEL (trace, debug, info, warn, error, off).
void init_log();

}  // namespace llt
