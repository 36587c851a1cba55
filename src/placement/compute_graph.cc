#include "placement/compute_graph.h"

#include <algorithm>
#include <optional>

namespace llt::placement {
namespace {

std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

// Best fit among the gaps, else at the end (ggml_dyn_tallocr with one chunk).
class Space {
 public:
  std::uint64_t take(std::uint64_t bytes) {
    auto best = gaps_.end();
    for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
      // The later one of equal gaps, as in ggml.
      if (gap->bytes >= bytes && (best == gaps_.end() || gap->bytes <= best->bytes)) best = gap;
    }
    if (best == gaps_.end()) return take_at_end(bytes);
    const std::uint64_t at = best->at;
    best->at += bytes;
    best->bytes -= bytes;
    if (best->bytes == 0) gaps_.erase(best);
    return at;
  }

  void give_back(std::uint64_t at, std::uint64_t bytes) {
    auto next = std::ranges::find_if(gaps_, [&](const Gap& gap) { return gap.at > at; });
    next = gaps_.insert(next, {at, bytes});
    if (next + 1 != gaps_.end() && next->at + next->bytes == (next + 1)->at) {
      next->bytes += (next + 1)->bytes;
      gaps_.erase(next + 1);
    }
    if (next != gaps_.begin() && (next - 1)->at + (next - 1)->bytes == next->at) {
      (next - 1)->bytes += next->bytes;
      next = gaps_.erase(next) - 1;
    }
    if (next->at + next->bytes == end_) {
      end_ = next->at;
      gaps_.erase(next);
    }
  }

  [[nodiscard]] std::uint64_t peak() const { return peak_; }

 private:
  struct Gap {
    std::uint64_t at, bytes;
  };

  std::uint64_t take_at_end(std::uint64_t bytes) {
    const std::uint64_t at = end_;
    end_ += bytes;
    peak_ = std::max(peak_, end_);
    return at;
  }

  std::vector<Gap> gaps_;  ///< in the order of their addresses; the space behind end_ is none of them
  std::uint64_t end_ = 0, peak_ = 0;
};

}  // namespace

// One run over a graph: who still reads what, and where it lies.
class GraphRun {
 public:
  GraphRun(const ComputeGraph& graph, std::uint64_t alignment, bool inputs_stay)
      : nodes_(graph.nodes_),
        alignment_(alignment),
        inputs_stay_(inputs_stay),
        states_(graph.nodes_.size()) {}

  std::uint64_t peak() {
    count_readers();
    for (Id id = 0; id < nodes_.size(); ++id) {
      if (nodes_[id].is_input) place(id);
    }
    for (Id id = 0; id < nodes_.size(); ++id) {
      if (nodes_[id].is_input) continue;
      if (nodes_[id].stored && nodes_[id].root == ComputeGraph::kNone) place(id);
      for (const Id source : nodes_[id].sources) release(source);
    }
    return space_.peak();
  }

 private:
  using Id = ComputeGraph::Id;
  using Node = ComputeGraph::Node;

  struct State {
    int readers = 0, views = 0;
    std::optional<std::uint64_t> at;
  };

  void count_readers() {
    for (const Node& node : nodes_) {
      if (node.root != ComputeGraph::kNone) ++states_[node.root].views;
      for (const Id source : node.sources) ++states_[source].readers;
    }
  }

  void place(Id id) {
    if (nodes_[id].may_replace && replace_source(id)) return;
    states_[id].at = space_.take(rounded_up(nodes_[id].bytes, alignment_));
  }

  bool replace_source(Id id) {
    for (const Id source : nodes_[id].sources) {
      State& state = states_[source];
      if (nodes_[source].bytes != nodes_[id].bytes || state.readers != 1 || state.views != 0) continue;
      if (stays(source)) continue;
      if (!state.at) continue;  // also a view: ggml takes its bytes for somebody else's
      states_[id].at = state.at;
      state.at.reset();
      return true;
    }
    return false;
  }

  void release(Id source) {
    State& state = states_[source];
    if (--state.readers != 0 || state.views != 0) return;
    const Id root = nodes_[source].root;
    if (root == ComputeGraph::kNone) return give_back(source);
    if (--states_[root].views == 0 && states_[root].readers == 0) give_back(root);
  }

  [[nodiscard]] bool stays(Id id) const { return inputs_stay_ && nodes_[id].is_input; }

  void give_back(Id id) {
    State& state = states_[id];
    if (!state.at || stays(id)) return;
    space_.give_back(*state.at, rounded_up(nodes_[id].bytes, alignment_));
    state.at.reset();
  }

  const std::vector<Node>& nodes_;
  std::uint64_t alignment_;
  bool inputs_stay_;
  std::vector<State> states_;
  Space space_;
};

ComputeGraph::Id ComputeGraph::add(Node node) {
  nodes_.push_back(std::move(node));
  return nodes_.size() - 1;
}

ComputeGraph::Id ComputeGraph::input(std::uint64_t bytes) {
  return add({.bytes = bytes, .sources = {}, .is_input = true});
}

ComputeGraph::Id ComputeGraph::operation(std::uint64_t bytes, std::vector<Id> sources) {
  return add({.bytes = bytes, .sources = std::move(sources)});
}

ComputeGraph::Id ComputeGraph::in_place(std::uint64_t bytes, std::initializer_list<Id> sources) {
  return add({.bytes = bytes, .sources = sources, .may_replace = true});
}

ComputeGraph::Id ComputeGraph::view_with(Id of, std::vector<Id> sources, std::uint64_t bytes) {
  const Id root = nodes_[of].root == kNone ? of : nodes_[of].root;
  return add({.bytes = bytes, .sources = std::move(sources), .root = root});
}

ComputeGraph::Id ComputeGraph::written_view(Id of, std::initializer_list<Id> sources) {
  std::vector<Id> all(sources);
  all.push_back(of);
  return view_with(of, std::move(all), nodes_[of].bytes);
}

void ComputeGraph::consume(std::initializer_list<Id> sources) {
  add({.bytes = 0, .sources = sources, .stored = false});
}

std::uint64_t ComputeGraph::peak_bytes(std::uint64_t alignment, bool inputs_stay) const {
  return GraphRun(*this, alignment, inputs_stay).peak();
}

std::uint64_t ComputeGraph::input_bytes(std::uint64_t alignment) const {
  std::uint64_t bytes = 0;
  for (const Node& node : nodes_) {
    if (node.is_input) bytes += rounded_up(node.bytes, alignment);
  }
  return bytes;
}

}  // namespace llt::placement
