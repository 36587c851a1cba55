#pragma once
// GET /api/v1/schema: the tables and what their columns mean, for editors and for the words beside numbers.

#include "views/reply.h"

namespace llt::views {

[[nodiscard]] Reply schema_reply();

}  // namespace llt::views
