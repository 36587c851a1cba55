#pragma once
// Bodies that were compressed with gzip.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace llt::receiver {

/// Errors: invalid_argument (not gzip, or cut off), resource_exhausted (more than `limit` bytes unpacked).
[[nodiscard]] Result<std::string> gunzip(std::string_view packed, std::size_t limit);

}  // namespace llt::receiver
