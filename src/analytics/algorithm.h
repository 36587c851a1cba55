#pragma once
// What can be asked of a graph, and the form of the answers: the same for every back end.

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analytics/edges.h"
#include "base/error.h"

namespace llt::analytics {

enum class Algorithm : std::uint8_t {
  pagerank,
  louvain,
  leiden,
  betweenness,
  edge_betweenness,
  components,
  strong_components,
  kcore,
  triangles,
  degree,
  jaccard,
  overlap,
  bfs,
  sssp,
  ego,
  layout,
};

/// How an algorithm takes the direction of edges.
enum class Direction : std::uint8_t {
  directed,    ///< as they stand, unless asked otherwise
  undirected,  ///< ignored, unless asked otherwise
  always_directed,
  always_undirected,
};

/// The form of an algorithm's answer.
enum class Answer : std::uint8_t {
  ranking,
  communities,
  components,
  edge_ranking,
  paths,
  neighbourhood,
  positions
};

struct AlgorithmInfo {
  Algorithm id;
  std::string_view name;  ///< as in --algorithm
  Direction direction;
  Answer answer;
  bool starts_somewhere;  ///< needs `from`
  std::string_view meaning;
};

[[nodiscard]] std::span<const AlgorithmInfo> algorithms();
[[nodiscard]] const AlgorithmInfo& info_of(Algorithm algorithm);
[[nodiscard]] const AlgorithmInfo* find_algorithm(std::string_view name);

/// Of pagerank: with more the ranks are a matter of rounding, after tens of thousands of rounds.
inline constexpr double kMostDamping = 0.999;

struct Request {
  Algorithm algorithm = Algorithm::pagerank;
  std::optional<bool> directed;   ///< nothing: the algorithm's own choice
  double damping = 0.85;          ///< pagerank: 0 to kMostDamping
  double resolution = 1.0;        ///< louvain, leiden: larger gives smaller communities
  std::vector<Vertex> from;       ///< bfs, sssp, ego: where to begin (one); pagerank: where random jumps lead
  std::optional<Vertex> samples;  ///< betweenness: paths from so many vertices only; nothing: from all
  unsigned radius = 1;            ///< ego
  std::optional<unsigned> iterations;  ///< layout
  std::uint64_t seed = 1;              ///< the same seed gives the same answer
  unsigned threads = 0;                ///< 0: one a core. Answers do not depend on it.
};

/// Whether the edges' direction counts for this request.
[[nodiscard]] bool takes_direction(const Request& request);

/// Mistakes in a request for a graph of so many vertices.
[[nodiscard]] Result<> check(const Request& request, Vertex vertices);

/// The vertices that sampled betweenness starts from, ascending: the same in every back end.
[[nodiscard]] std::vector<Vertex> sampled_sources(Vertex vertices, Vertex samples, std::uint64_t seed);

struct EdgeValue {
  Vertex source, target;
  double value;
};

/// What an algorithm found. Which members are filled follows from its Answer.
struct Outcome {
  std::vector<double> values;  ///< ranking: one for each vertex
  std::vector<Vertex> groups;  ///< communities, components: of each vertex; 0 is the largest
  Vertex group_count = 0;
  std::optional<double> modularity;    ///< communities: of the undirected weighted graph
  std::vector<EdgeValue> edge_values;  ///< edge_ranking, and neighbourhood with the weight as value
  std::vector<double> distances;       ///< paths, neighbourhood: infinite where there is no path
  std::vector<Vertex> predecessors;    ///< paths: kNoVertex at the start and where there is no path
  std::vector<float> x, y;             ///< positions
};

/// Told how much of the work is done, from 0 to 1, from one thread at a time.
using Progress = std::function<void(double)>;

/// Renumbers groups by size, the largest first, equal ones by their first vertex.
void number_by_size(Outcome& outcome);

}  // namespace llt::analytics
