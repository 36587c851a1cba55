#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/error.h"

namespace llt::views {

/// Takes a document piece by piece; an error that it returns ends the writing and is handed on.
using ByteSink = std::function<Result<>(std::string_view)>;

/// Writers gather about so many bytes before they hand them to a sink.
inline constexpr std::size_t kPieceBytes = 256 * 1024;

}  // namespace llt::views
