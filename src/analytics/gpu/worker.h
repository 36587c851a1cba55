#pragma once
// The process that holds the GPU: a crash, or no memory left there, ends it and nothing else.

#include <string_view>

namespace llt::analytics::gpu {

/// The first argument of the program that makes it this worker. Not for people: it talks on descriptor 3.
inline constexpr std::string_view kWorkerArgument = "--analytics-worker";
inline constexpr int kWorkerSocket = 3;
/// What the process calls itself, until it is gone.
inline constexpr const char* kWorkerName = "llt-analytics";

/// Serves commands until the other side is gone. The exit code.
int run_worker();

}  // namespace llt::analytics::gpu
