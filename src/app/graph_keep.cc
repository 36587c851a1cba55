#include "app/graph_keep.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "analytics/findings.h"
#include "app/version.h"
#include "base/clock.h"
#include "base/ids.h"
#include "store/store.h"

namespace llt::app {
namespace {

using analytics::Answer;
using analytics::Vertex;

constexpr auto kPatience = std::chrono::seconds(5);

std::optional<std::string> user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> room{};
  if (::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return std::string(found->pw_name);
}

std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Only what this algorithm looks at.
std::string parameters(const analytics::Request& request, const analytics::IdTable& ids) {
  using enum analytics::Algorithm;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  const auto algorithm = request.algorithm;
  if (algorithm == pagerank) json["damping"] = request.damping;
  if (algorithm == louvain || algorithm == leiden) json["resolution"] = request.resolution;
  if (request.samples) json["samples"] = *request.samples;
  if (algorithm == ego) json["radius"] = request.radius;
  if (request.iterations) json["iterations"] = *request.iterations;
  if (!request.from.empty()) {
    json["from"] = nlohmann::ordered_json::array();
    for (const Vertex v : request.from) json["from"].push_back(ids.text(v));
  }
  json["seed"] = request.seed;
  return json_text(json);
}

class Rows {
 public:
  Rows(const GraphAnswer& answer, store::GraphResult& result)
      : answer_(answer), outcome_(answer.run.outcome), result_(result) {}

  void add_all() {
    switch (analytics::info_of(answer_.request.algorithm).answer) {
      case Answer::ranking:
        for (const Vertex v : analytics::ranked(outcome_.values)) vertex(v, outcome_.values[v]);
        break;
      case Answer::communities:
      case Answer::components:
        each_vertex(outcome_.groups.size(), [this](Vertex v) {
          if (auto* row = vertex(v)) row->member_of = outcome_.groups[v];
        });
        break;
      case Answer::edge_ranking:
        edges();
        break;
      case Answer::paths:
        each_vertex(outcome_.distances.size(), [this](Vertex v) { path(v); });
        break;
      case Answer::neighbourhood:
        each_vertex(outcome_.distances.size(), [this](Vertex v) {
          if (std::isfinite(outcome_.distances[v])) vertex(v, outcome_.distances[v]);
        });
        edges();
        break;
      case Answer::positions:
        each_vertex(outcome_.x.size(), [this](Vertex v) {
          auto* row = vertex(v);
          if (row != nullptr) row->x = outcome_.x[v], row->y = outcome_.y[v];
        });
    }
    if (answer_.input.show_edges) links();
  }

 private:
  // A row more; nothing when there are as many as are kept.
  store::GraphValueRow* next() {
    const std::uint64_t position = result_.run.rows++;
    if (position >= store::kMostGraphValues) return nullptr;
    ++result_.run.rows_kept;
    store::GraphValueRow& row = result_.values.emplace_back();
    row.run_id = result_.run.run_id;
    row.unix_ns = result_.run.unix_ns;
    row.position = position;
    return &row;
  }

  template <class Visit>
  static void each_vertex(std::size_t count, Visit&& visit) {
    for (std::size_t v = 0; v < count; ++v) visit(static_cast<Vertex>(v));
  }

  store::GraphValueRow* vertex(Vertex v, double value = NAN) {
    store::GraphValueRow* row = next();
    if (row == nullptr) return nullptr;
    row->id = answer_.input.graph.ids.text(v);
    if (!answer_.input.labels.empty()) row->label = answer_.input.labels[v];
    if (std::isfinite(value)) row->value = value;
    return row;
  }

  void edges() {
    for (const auto& edge : outcome_.edge_values) {
      store::GraphValueRow* row = next();
      if (row == nullptr) continue;
      row->source = answer_.input.graph.ids.text(edge.source);
      row->target = answer_.input.graph.ids.text(edge.target);
      row->value = edge.value;
    }
  }

  void links() {
    const auto& edges = answer_.input.graph.edges;
    for (std::size_t i = 0; i < edges.size(); ++i) {
      store::GraphValueRow* row = next();
      if (row == nullptr) continue;
      row->source = answer_.input.graph.ids.text(edges.source[i]);
      row->target = answer_.input.graph.ids.text(edges.target[i]);
      if (edges.weighted()) row->value = edges.weight[i];
      if (answer_.input.edge_notes.empty()) continue;
      row->relation = answer_.input.edge_notes[i].relation;
      row->sentence = answer_.input.edge_notes[i].sentence;
    }
  }

  void path(Vertex v) {
    store::GraphValueRow* row = vertex(v, outcome_.distances[v]);
    const Vertex before = outcome_.predecessors[v];
    if (row != nullptr && before != analytics::kNoVertex)
      row->predecessor = answer_.input.graph.ids.text(before);
  }

  const GraphAnswer& answer_;
  const analytics::Outcome& outcome_;
  store::GraphResult& result_;
};

// Opening the store takes what was handed in. Limits are those of `up`: none are applied here.
Result<> take_now(const std::filesystem::path& data) {
  store::Options options;
  options.retention_seconds = 0;
  options.max_bytes = 0;
  options.created_by = fmt::format("llamatelemetry {}", kVersion);
  options.begins_run = false;
  const auto store = store::Store::open(data, options);
  if (!store) return std::unexpected(store.error());
  (*store)->close();
  return {};
}

}  // namespace

store::GraphResult graph_result(const GraphAnswer& answer, const std::string& kind) {
  store::GraphResult result;
  store::GraphRunRow& run = result.run;
  const auto& edges = answer.input.graph.edges;
  run.run_id = random_trace_id().hex();
  run.unix_ns = now_unix();
  run.user_name = user_name();
  run.program = kVersion;
  run.kind = kind.empty() ? "edges" : kind;
  run.about = answer.input.about;
  run.algorithm = analytics::info_of(answer.request.algorithm).name;
  run.parameters = parameters(answer.request, answer.input.graph.ids);
  run.backend = answer.run.backend;
  run.version = answer.run.version;
  run.reason = answer.run.reason;
  run.vertices = edges.vertices;
  run.edges = edges.size();
  run.directed = analytics::takes_direction(answer.request);
  run.elapsed_ns = std::llround(answer.run.elapsed_ms * 1e6);
  run.modularity = answer.run.outcome.modularity;
  run.findings = json_text(analytics::findings(
      edges, answer.request, answer.run.outcome, [&](Vertex v) { return answer.name(v); },
      [&](Vertex v) { return answer.words(v); }));
  run.notes = json_text(answer.input.notes);
  Rows(answer, result).add_all();
  return result;
}

Result<> keep_result(const std::filesystem::path& data, const store::GraphResult& result) {
  const auto file = store::hand_in(data, result);
  if (!file) return std::unexpected(file.error());
  std::error_code ignored;
  const auto waiting = [&] { return std::filesystem::exists(*file, ignored); };
  std::string why = "it will be when the store is free";
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (waiting() && std::chrono::steady_clock::now() < give_up) {
    // Another process holds the store: it takes the file soon, or leaves the store to us.
    if (auto taken = take_now(data); !taken) why = taken.error().message;
    if (waiting()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  if (waiting()) return fail(ErrorCode::unavailable, "the answer is handed in, but not stored yet", why);
  return {};
}

}  // namespace llt::app
