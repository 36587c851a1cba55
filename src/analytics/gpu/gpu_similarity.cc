#include "analytics/gpu/gpu_similarity.h"

#include <algorithm>

#include "analytics/similarity_ratio.h"

namespace llt::analytics::gpu {
namespace {

// cuGraph writes the common neighbours of all pairs of a question down before it counts them, with room for
// as many as the vertex with fewer has. So many 32-bit numbers at a time: 512 MiB.
constexpr std::uint64_t kNumbersAtATime = std::uint64_t{1} << 27;
constexpr std::uint64_t kNumbersOfAPair = 16;  // ids, places and sums of a pair, whatever its neighbours
constexpr std::size_t kFewestPairs = 64;

std::vector<EdgeValue> edges_once(const Csr& simple) {
  std::vector<EdgeValue> edges;
  edges.reserve(simple.arcs() / 2);
  for (Vertex u = 0; u < simple.vertices(); ++u) {
    for (const Vertex v : simple.row(u)) {
      if (v > u) edges.push_back({u, v, 0});
    }
  }
  return edges;
}

class Questions {
 public:
  Questions(WorkerProcess& worker, std::uint32_t place, const Csr& simple, Algorithm algorithm)
      : worker_(worker), place_(place), simple_(simple), algorithm_(algorithm) {}

  // Where the GPU's memory does not suffice for so many pairs at a time, it is asked about fewer.
  Result<> answer(std::span<EdgeValue> edges) {
    while (!edges.empty()) {
      const auto [pairs, numbers] = next_batch(edges);
      auto answered = ask(edges.first(pairs));
      const bool memory = !answered && answered.error().code == ErrorCode::resource_exhausted;
      if (memory && pairs > kFewestPairs) {
        numbers_ = numbers / 2;
        continue;
      }
      if (!answered) return answered;
      edges = edges.subspan(pairs);
    }
    return {};
  }

 private:
  struct Batch {
    std::size_t pairs = 0;
    std::uint64_t numbers = 0;
  };

  // As many of the first edges as may be asked about at once, but one at least.
  Batch next_batch(std::span<const EdgeValue> edges) const {
    Batch batch;
    for (const EdgeValue& edge : edges) {
      const std::uint64_t more =
          kNumbersOfAPair + std::min(simple_.degree(edge.source), simple_.degree(edge.target));
      if (batch.pairs != 0 && batch.numbers + more > numbers_) break;
      ++batch.pairs;
      batch.numbers += more;
    }
    return batch;
  }

  Result<> ask(std::span<EdgeValue> edges) {
    Command command;
    command.order = Order::run;
    command.place = place_;
    command.room = edges.size();
    command.request.algorithm = algorithm_ == Algorithm::jaccard ? LLT_RAPIDS_JACCARD : LLT_RAPIDS_OVERLAP;
    command.request.pair_count = edges.size();
    const RunLayout layout(command.room, 0, edges.size());
    const auto memory = SharedMemory::make(layout.size);
    if (!memory) return std::unexpected(memory.error());
    std::ranges::transform(edges, memory->at<std::int32_t>(layout.firsts),
                           [](const EdgeValue& edge) { return static_cast<std::int32_t>(edge.source); });
    std::ranges::transform(edges, memory->at<std::int32_t>(layout.seconds),
                           [](const EdgeValue& edge) { return static_cast<std::int32_t>(edge.target); });
    const auto reply = worker_.ask(command, memory->fd());
    if (!reply) return std::unexpected(reply.error());
    return take({memory->at<double>(0), edges.size()}, edges);
  }

  // The counts behind what the GPU says, divided here: then no rounding of its own can be seen.
  Result<> take(std::span<const double> values, std::span<EdgeValue> edges) const {
    for (std::size_t i = 0; i < edges.size(); ++i) {
      EdgeValue& edge = edges[i];
      const std::uint64_t a = simple_.degree(edge.source), b = simple_.degree(edge.target);
      const auto common = common_neighbours(algorithm_, values[i], a, b);
      if (!common) {
        return fail(ErrorCode::internal,
                    "the GPU found similarities that no number of common neighbours makes",
                    "the CPU does the same: --backend cpu");
      }
      edge.value = similarity_ratio(algorithm_, *common, a, b);
    }
    return {};
  }

  WorkerProcess& worker_;
  std::uint32_t place_;
  const Csr& simple_;
  Algorithm algorithm_;
  std::uint64_t numbers_ = kNumbersAtATime;
};

}  // namespace

Result<std::vector<EdgeValue>> similar_edges(WorkerProcess& worker, std::uint32_t place, const Csr& simple,
                                             Algorithm algorithm) {
  auto edges = edges_once(simple);
  if (auto answered = Questions(worker, place, simple, algorithm).answer(edges); !answered)
    return std::unexpected(answered.error());
  return edges;
}

}  // namespace llt::analytics::gpu
