#pragma once
// SIGINT, SIGTERM and SIGHUP as values, taken by one thread when it asks.

#include <optional>

namespace llt::app {

/// Blocks them (SIGHUP unless it is ignored, as under nohup) for this thread and all that it starts. Call
/// before any thread exists.
void block_stop_signals();

/// Waits for one of them for at most `timeout_ms`; its number, or nothing.
[[nodiscard]] std::optional<int> wait_stop_signal(int timeout_ms);

/// Raises the soft limit on open files to the hard one (at most 1 Mi): each stream needs two descriptors.
void raise_file_limit();

}  // namespace llt::app
