#pragma once
// The back end that is always there: threads of this process.

#include "analytics/backend.h"

namespace llt::analytics {

[[nodiscard]] std::unique_ptr<Backend> make_cpu_backend();

}  // namespace llt::analytics
