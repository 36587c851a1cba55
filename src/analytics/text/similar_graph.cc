#include "analytics/text/similar_graph.h"

#include <fmt/format.h>

namespace llt::analytics {
namespace {

// The beginning of a text on one line.
std::string beginning(const std::string& text) {
  constexpr std::size_t kShown = 80;
  std::string out;
  for (const char c : text) out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  if (out.size() <= kShown) return out;
  std::size_t cut = kShown;
  while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0U) == 0x80U) --cut;
  return out.substr(0, cut) + "…";
}

}  // namespace

DescribedGraph similar_graph(const std::vector<Document>& documents, const std::vector<Neighbour>& neighbours,
                             double least) {
  DescribedGraph graph;
  graph.about = "texts and those most similar to each";
  graph.directed = false;
  graph.show_edges = true;
  for (const Document& document : documents) {
    graph.vertex(document.id, beginning(document.text));
    graph.words.push_back(document.text);
  }
  const std::size_t each = documents.empty() ? 0 : neighbours.size() / documents.size();
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    const Neighbour& one = neighbours[i];
    if (one.similarity <= 0 || one.similarity < least)
      ++dropped;
    else
      graph.graph.edges.add(static_cast<Vertex>(i / each), one.vertex, one.similarity);
  }
  graph.notes.push_back(fmt::format(
      "an edge leads from a text to one of the {} whose embeddings are most similar, and weighs the cosine",
      each));
  if (dropped != 0)
    graph.notes.push_back(fmt::format("{} neighbours are left out: they are not similar enough", dropped));
  return graph;
}

}  // namespace llt::analytics
