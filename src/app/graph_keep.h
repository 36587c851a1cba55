#pragma once
// Answers of `graph` into the store, to be asked for by SQL later.

#include <filesystem>

#include "app/graph_answer.h"
#include "store/graph_results.h"

namespace llt::app {

/// The answer as rows. `kind` as on the command line; empty: a file of edges.
[[nodiscard]] store::GraphResult graph_result(const GraphAnswer& answer, const std::string& kind);

/// Hands the rows to whoever writes the store in `data`: the instance that runs, or this process, when none
/// does. They can be asked for when it returns. Errors: not_found (no store there), unavailable (handed in,
/// but not stored yet), permission_denied, resource_exhausted.
[[nodiscard]] Result<> keep_result(const std::filesystem::path& data, const store::GraphResult& result);

}  // namespace llt::app
