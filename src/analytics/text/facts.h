#pragma once
// What a text says of what, and the graph of all of it.

#include <string>
#include <string_view>
#include <vector>

#include "analytics/described_graph.h"
#include "base/error.h"

namespace llt::analytics {

struct Entity {
  std::string name, type;
};

/// `source` `relation` `target`, as `sentence` says.
struct Fact {
  std::string source, relation, target;
  std::string sentence;
  std::string document;  ///< id of the document that the sentence is in
};

struct Facts {
  std::vector<Entity> entities;
  std::vector<Fact> facts;
};

/// The kinds of things that an engine may say an entity is.
[[nodiscard]] const std::vector<std::string>& entity_types();

/// The JSON schema that an answer about so many sentences has to follow, and what is asked for it.
[[nodiscard]] std::string facts_schema(std::size_t sentences);
[[nodiscard]] std::string facts_instruction();
/// The sentences with their numbers.
[[nodiscard]] std::string facts_question(const std::vector<std::string>& sentences);

/// Reads an answer. Errors (data_loss): what is no JSON of that schema, or names a sentence that is not
/// there.
[[nodiscard]] Result<Facts> parse_facts(std::string_view answer, const std::vector<std::string>& sentences,
                                        std::string_view document);

/// Whether the sentence has both names in it, whatever their case.
[[nodiscard]] bool is_grounded(const Fact& fact);

/// Entities are the same when their names are, but for case, blanks and a leading article. Every fact is an
/// edge of its own, with its sentence. Facts that are not grounded are left out and counted in the notes,
/// unless `keep_ungrounded`; so are those about one entity alone.
[[nodiscard]] DescribedGraph facts_graph(const Facts& facts, bool keep_ungrounded);

}  // namespace llt::analytics
