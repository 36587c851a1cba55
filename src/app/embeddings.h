#pragma once
// Texts into vectors, by the engine.

#include <functional>

#include "analytics/nearest.h"
#include "analytics/text/documents.h"
#include "app/engine_client.h"
#include "app/work_file.h"

namespace llt::app {

/// Told how many of how many are done.
using Steps = std::function<void(std::size_t, std::size_t)>;

/// One row a document. In batches; what `work` has is not asked for again. Errors: those of the client;
/// data_loss when the answer is not one vector a text, all of the same length.
[[nodiscard]] Result<analytics::VectorTable> embed(const EngineClient& client,
                                                   const std::vector<analytics::Document>& documents,
                                                   WorkFile& work, const Steps& steps);

}  // namespace llt::app
