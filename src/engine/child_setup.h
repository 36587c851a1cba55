#pragma once
// What a process does between fork and exec. Async-signal-safe: no allocation, no lock.

namespace llt::engine {

/// Closes every descriptor from `first` on.
void close_descriptors_from(unsigned first) noexcept;

/// Default actions for all signals, none blocked.
void reset_signals() noexcept;

}  // namespace llt::engine
