#pragma once
// Names for communities and components: the words that their members share and others do not.

#include <functional>
#include <string>
#include <vector>

#include "analytics/algorithm.h"

namespace llt::analytics {

/// All that is known of a vertex in words.
using WordsOf = std::function<std::string(Vertex)>;

/// So many groups are named in an answer.
inline constexpr std::size_t kNamedGroups = 5;

struct GroupName {
  Vertex group = 0;
  Vertex size = 0;
  std::vector<std::string> terms;  ///< the most telling first; empty: nothing is shared
  double inside = 0;               ///< share of the members that have the first term
  double elsewhere = 0;            ///< share of all other vertices that have it
};

/// Names the first `most` groups, which are the largest, of at least two members.
[[nodiscard]] std::vector<GroupName> name_groups(const Outcome& outcome, std::size_t most,
                                                 const WordsOf& words);

/// The words of a text that may name something: no numbers, no words that are everywhere in English; each
/// once, ASCII in lower case.
[[nodiscard]] std::vector<std::string> naming_words(std::string_view text);

}  // namespace llt::analytics
