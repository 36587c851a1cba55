#include "app/graph_texts.h"

#include <fmt/format.h>

#include "analytics/gpu/find.h"
#include "analytics/nearest_on_gpu.h"
#include "analytics/text/similar_graph.h"
#include "app/embeddings.h"
#include "app/knowledge.h"

namespace llt::app {
namespace {

using analytics::DescribedGraph;
using analytics::Document;

Steps shown_on(ProgressLine& line, std::string what) {
  return [&line, what = std::move(what)](std::size_t done, std::size_t all) {
    if (line.due()) line.show(fmt::format("{}: {} of {}", what, done, all));
  };
}

Result<analytics::VectorTable> vectors_by_engine(const EngineClient& client,
                                                 const std::vector<Document>& documents,
                                                 const GraphOptions& options, ProgressLine& line) {
  auto work = WorkFile::open(options.work, "embedding by " + client.model());
  if (!work) return std::unexpected(work.error());
  return embed(client, documents, *work, shown_on(line, "embedding"));
}

analytics::VectorTable vectors_in(const std::vector<Document>& documents) {
  analytics::VectorTable table;
  table.dimensions = documents.front().vector.size();
  for (const Document& document : documents)
    table.values.insert(table.values.end(), document.vector.begin(), document.vector.end());
  return table;
}

std::string who_compared(const analytics::NearestRun& run) {
  const std::string who =
      run.backend == "gpu" ? fmt::format("the GPU ({})", run.version) : std::string("the CPU");
  std::string note =
      fmt::format("the most similar were found by {} in {:.0f} ms: {}", who, run.elapsed_ms, run.reason);
  if (run.searched_again != 0)
    note += fmt::format("; for {} of the texts the CPU looked again, since single precision did not decide",
                        run.searched_again);
  return note;
}

Result<DescribedGraph> joined(const std::vector<Document>& documents, const analytics::VectorTable& vectors,
                              const GraphOptions& options, const AnalyticsPlace& place, ProgressLine& line) {
  const auto run = analytics::find_nearest(vectors, options.neighbours, options.threads, place.want,
                                           place.gpu, [&](double done) {
                                             if (line.due())
                                               line.show(fmt::format("comparing: {:.0f} %", 100 * done));
                                           });
  if (!run) return std::unexpected(run.error());
  auto graph = analytics::similar_graph(documents, run->neighbours, options.min_similarity);
  graph.notes.push_back(who_compared(*run));
  return graph;
}

// Before an engine has read texts for an hour.
Result<> check_gpu(const AnalyticsPlace& place) {
  if (place.want != analytics::Want::gpu) return {};
  if (const auto found = analytics::gpu::find_installation(); !found) return std::unexpected(found.error());
  return {};
}

}  // namespace

Result<DescribedGraph> read_similar_texts(const Settings& settings, const GraphOptions& options,
                                          const AnalyticsPlace& place, ProgressLine& line) {
  if (auto there = check_gpu(place); !there) return std::unexpected(there.error());
  const auto documents = analytics::read_documents(options.texts);
  if (!documents) return std::unexpected(documents.error());
  if (!documents->front().vector.empty()) {
    auto graph = joined(*documents, vectors_in(*documents), options, place, line);
    if (graph) graph->notes.emplace_back("the embeddings are those in the file");
    return graph;
  }
  const auto client = EngineClient::make(settings, options.url);
  if (!client) return std::unexpected(client.error());
  const auto vectors = vectors_by_engine(*client, *documents, options, line);
  if (!vectors) return std::unexpected(vectors.error());
  auto graph = joined(*documents, *vectors, options, place, line);
  if (graph)
    graph->notes.push_back(
        fmt::format("embeddings of {} numbers by {}", vectors->dimensions, client->model()));
  return graph;
}

Result<DescribedGraph> read_knowledge(const Settings& settings, const GraphOptions& options,
                                      ProgressLine& line) {
  const auto documents = analytics::read_documents(options.texts);
  if (!documents) return std::unexpected(documents.error());
  const auto client = EngineClient::make(settings, options.url);
  if (!client) return std::unexpected(client.error());
  auto work =
      WorkFile::open(options.work, "facts by " + client->model() + ": " + analytics::facts_instruction());
  if (!work) return std::unexpected(work.error());
  const auto knowledge = extract_facts(*client, *documents, *work, shown_on(line, "reading"));
  if (!knowledge) return std::unexpected(knowledge.error());
  auto graph = analytics::facts_graph(knowledge->facts, options.keep_ungrounded);
  graph.notes.push_back(fmt::format("{} passages of {} texts were read by {}", knowledge->passages,
                                    documents->size(), client->model()));
  if (knowledge->not_understood != 0)
    graph.notes.push_back(fmt::format("{} of them without a usable answer", knowledge->not_understood));
  return graph;
}

}  // namespace llt::app
