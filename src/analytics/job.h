#pragma once
// Several requests on one graph in a process of their own, at the lowest priority: they can be ended at any
// moment, and nothing that they do (memory, a crash) touches who asked.

#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "analytics/session.h"

namespace llt::analytics {

/// The first argument of the program that makes it such a process. Not for people.
inline constexpr std::string_view kJobArgument = "--graph-job";

/// As analyse() for each request, which have passed check(). Errors: those of the first that failed;
/// unavailable when `stop` was requested or the process ended in another way.
[[nodiscard]] Result<std::vector<Run>> analyse_apart(const EdgeList& edges, std::span<const Request> requests,
                                                     Want want, const GpuOptions& gpu,
                                                     const std::stop_token& stop);

/// The other side: reads from descriptor 3, writes to descriptor 4. The exit code.
int run_job();

}  // namespace llt::analytics
