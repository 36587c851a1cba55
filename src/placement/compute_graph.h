#pragma once
// How much memory a graph of operations needs when it runs: a dry run of ggml's allocator, which gives each
// result a place and takes it back after its last reader.

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace llt::placement {

/// Operations in the order in which they run. Weights and caches have memory of their own and do not appear.
class ComputeGraph {
 public:
  using Id = std::size_t;

  /// Written from outside before the graph runs. All inputs get their places first.
  Id input(std::uint64_t bytes);
  /// A result of its own. Sources must exist.
  Id operation(std::uint64_t bytes, std::vector<Id> sources);
  /// The same, but it may take the place of a source of the same size that nothing else reads.
  Id in_place(std::uint64_t bytes, std::initializer_list<Id> sources);
  /// Another shape of the same bytes.
  Id view(Id of) { return view_with(of, {of}, nodes_[of].bytes); }
  /// A part of the bytes, or in another order: nothing can take its place.
  Id slice(Id of) { return view_with(of, {of}, 0); }
  /// Writes into the bytes of `of`, reading `sources` besides.
  Id written_view(Id of, std::initializer_list<Id> sources);
  /// Reads sources and leaves its result elsewhere (in a cache).
  void consume(std::initializer_list<Id> sources);

  /// Bytes of the buffer that holds everything while the graph runs (ggml_gallocr_alloc_graph_impl of
  /// llama.cpp 11434). `alignment` is a power of two: 32 on CPUs, 128 with CUDA. `inputs_stay`: nothing else
  /// gets their places, as in a pipeline, where the next micro-batch's inputs may be written meanwhile.
  [[nodiscard]] std::uint64_t peak_bytes(std::uint64_t alignment, bool inputs_stay = false) const;
  /// Sum of all inputs, each rounded up to the alignment.
  [[nodiscard]] std::uint64_t input_bytes(std::uint64_t alignment) const;

 private:
  friend class GraphRun;
  static constexpr Id kNone = static_cast<Id>(-1);

  struct Node {
    std::uint64_t bytes = 0;
    std::vector<Id> sources;
    Id root = kNone;  ///< of a view: the node whose bytes it shows
    bool is_input = false;
    bool may_replace = false;
    bool stored = true;  ///< false: the result lies elsewhere
  };

  Id add(Node node);
  Id view_with(Id of, std::vector<Id> sources, std::uint64_t bytes);

  std::vector<Node> nodes_;
};

}  // namespace llt::placement
