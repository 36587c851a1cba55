#pragma once
// Texts into facts, by the engine, whose answers have to follow a JSON schema.

#include "analytics/text/documents.h"
#include "analytics/text/facts.h"
#include "app/embeddings.h"

namespace llt::app {

struct Knowledge {
  analytics::Facts facts;
  std::size_t passages = 0;        ///< in the texts
  std::size_t not_understood = 0;  ///< of them: those whose answers could not be used
};

/// Asks about a few sentences at a time; what `work` has is not asked for again. An answer that cannot be
/// used (cut off, mostly) leads to questions about the halves. Errors: those of the client.
[[nodiscard]] Result<Knowledge> extract_facts(const EngineClient& client,
                                              const std::vector<analytics::Document>& documents,
                                              WorkFile& work, const Steps& steps);

}  // namespace llt::app
