#include "analytics/group_names.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/ascii.h"

namespace llt::analytics {
namespace {

constexpr std::size_t kShortestWord = 3, kLongestWord = 60, kTerms = 3;
constexpr double kLeastShare = 0.3;  // of the members that must have a word for it to name them
constexpr double kTelling = 2;       // and so many times more often than elsewhere

constexpr auto kEverywhere = std::to_array<std::string_view>(
    {"about", "after", "all",  "also",  "and",  "any",   "are",   "because", "been", "before", "but",
     "can",   "could", "did",  "does",  "for",  "from",  "get",   "had",     "has",  "have",   "her",
     "his",   "how",   "into", "its",   "just", "like",  "may",   "more",    "most", "not",    "now",
     "off",   "one",   "only", "other", "our",  "out",   "over",  "same",    "she",  "some",   "such",
     "than",  "that",  "the",  "their", "them", "then",  "there", "these",   "they", "this",   "those",
     "two",   "under", "use",  "used",  "very", "was",   "were",  "what",    "when", "where",  "which",
     "while", "who",   "why",  "will",  "with", "would", "you",   "your"});

bool separates(char c) {
  constexpr std::string_view kSeparators = " \t\r\n()[]{}<>,;!?\"'`|=+*&%$#@^~";
  return kSeparators.find(c) != std::string_view::npos;
}

bool names_something(const std::string& word) {
  if (word.size() < kShortestWord || word.size() > kLongestWord) return false;
  if (std::ranges::none_of(
          word, [](char c) { return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80; }))
    return false;
  return !std::ranges::binary_search(kEverywhere, std::string_view(word));
}

std::string_view without_dots(std::string_view word) {
  constexpr std::string_view kDots = ".:-_/";
  while (!word.empty() && kDots.find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  while (!word.empty() && kDots.substr(0, 4).find(word.front()) != std::string_view::npos)
    word.remove_prefix(1);
  return word;
}

using Counts = std::map<std::string, Vertex, std::less<>>;

// How many members of each of the first `most` groups have each word; rare ones are dropped.
std::vector<Counts> count_inside(const Outcome& outcome, const std::vector<Vertex>& size,
                                 const WordsOf& words) {
  std::vector<Counts> inside(size.size());
  for (Vertex v = 0; v < outcome.groups.size(); ++v) {
    const Vertex group = outcome.groups[v];
    if (group >= inside.size() || size[group] < 2) continue;
    for (std::string& word : naming_words(words(v))) ++inside[group][std::move(word)];
  }
  for (std::size_t group = 0; group < inside.size(); ++group) {
    std::erase_if(inside[group], [&](const auto& entry) {
      return entry.second < kLeastShare * size[group] || entry.second < 2;
    });
  }
  return inside;
}

Counts count_everywhere(const Outcome& outcome, const std::vector<Counts>& inside, const WordsOf& words) {
  Counts all;
  for (const Counts& counts : inside) {
    for (const auto& [word, count] : counts) all.try_emplace(word, 0);
  }
  for (Vertex v = 0; v < outcome.groups.size() && !all.empty(); ++v) {
    for (const std::string& word : naming_words(words(v))) {
      if (const auto entry = all.find(word); entry != all.end()) ++entry->second;
    }
  }
  return all;
}

struct Term {
  std::string word;
  double inside, elsewhere;
};

std::vector<Term> telling(const Counts& inside, const Counts& all, Vertex size, Vertex vertices) {
  std::vector<Term> terms;
  for (const auto& [word, count] : inside) {
    const double share = static_cast<double>(count) / size;
    const Vertex others = vertices - size;
    const double elsewhere = others == 0 ? 0 : static_cast<double>(all.find(word)->second - count) / others;
    if (share >= kTelling * elsewhere) terms.push_back({word, share, elsewhere});
  }
  std::ranges::stable_sort(terms, std::greater<>(),
                           [](const Term& term) { return term.inside - term.elsewhere; });
  return terms;
}

}  // namespace

std::vector<std::string> naming_words(std::string_view text) {
  std::vector<std::string> found;
  while (!text.empty()) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if(text, separates) - text.begin());
    std::string word = lower(without_dots(text.substr(0, end)));
    if (names_something(word)) found.push_back(std::move(word));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  std::ranges::sort(found);
  const auto doubles = std::ranges::unique(found);
  found.erase(doubles.begin(), doubles.end());
  return found;
}

std::vector<GroupName> name_groups(const Outcome& outcome, std::size_t most, const WordsOf& words) {
  std::vector<Vertex> size(std::min<std::size_t>(most, outcome.group_count), 0);
  for (const Vertex group : outcome.groups) {
    if (group < size.size()) ++size[group];
  }
  const auto inside = count_inside(outcome, size, words);
  const auto all = count_everywhere(outcome, inside, words);
  std::vector<GroupName> names;
  for (Vertex group = 0; group < size.size() && size[group] > 1; ++group) {
    GroupName& name = names.emplace_back(GroupName{group, size[group], {}, 0, 0});
    const auto terms = telling(inside[group], all, size[group], static_cast<Vertex>(outcome.groups.size()));
    for (std::size_t i = 0; i < std::min(kTerms, terms.size()); ++i) name.terms.push_back(terms[i].word);
    if (!terms.empty()) name.inside = terms.front().inside, name.elsewhere = terms.front().elsewhere;
  }
  return names;
}

}  // namespace llt::analytics
