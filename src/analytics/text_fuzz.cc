// Files of texts and an engine's answers: any bytes are refused in a sentence or give what the header
// promises.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analytics/group_names.h"
#include "analytics/text/documents.h"
#include "analytics/text/facts.h"
#include "analytics/text/sentences.h"

namespace analytics = llt::analytics;

namespace {

void check(bool good) {
  if (!good) std::abort();
}

void read_texts(std::string_view bytes) {
  using enum analytics::TextFormat;
  for (const auto format : {lines, json_lines, csv}) {
    const auto documents = analytics::parse_documents(bytes, format);
    if (!documents) {
      check(!documents.error().message.empty());
      continue;
    }
    for (const auto& document : *documents)
      check(!document.id.empty() && !document.text.empty() && document.line > 0);
  }
}

void split(std::string_view bytes) {
  constexpr std::size_t kLongest = 40;
  for (const auto& sentence : analytics::sentences_of(bytes, kLongest))
    check(!sentence.empty() && sentence.size() <= kLongest && sentence.front() != ' ' &&
          sentence.back() != ' ');
}

void read_answer(std::string_view bytes) {
  const std::vector<std::string> sentences{"Anna founded Acme.", "Acme sells anvils."};
  const auto facts = analytics::parse_facts(bytes, sentences, "d");
  if (!facts) return;
  for (const auto& fact : facts->facts) check(fact.sentence == sentences[0] || fact.sentence == sentences[1]);
  const auto graph = analytics::facts_graph(*facts, true);
  check(graph.edge_notes.size() == graph.graph.edges.size() &&
        graph.labels.size() == graph.graph.edges.vertices);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_texts(bytes);
  split(bytes);
  read_answer(bytes);
  for (const auto& word : analytics::naming_words(bytes)) check(word.size() >= 3);
  return 0;
}
