#pragma once
// How a command ends.

#include "base/error.h"

namespace llt::app {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;

/// Prints "llamatelemetry: message" and the hint to stderr; returns kFailed.
int failed(const Error& error);

/// The same for input that the user has to change; returns kBadUsage.
int bad_usage(const Error& error);

}  // namespace llt::app
