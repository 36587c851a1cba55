#pragma once

#include <functional>
#include <string_view>

#include "base/error.h"

namespace llt::views {

/// Takes a document piece by piece; an error that it returns ends the writing and is handed on.
using ByteSink = std::function<Result<>(std::string_view)>;

}  // namespace llt::views
