#include "analytics/model_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace llt::analytics {
namespace {

using Names = std::vector<std::string_view>;

/// Where a tensor of a layer gets its input: from the first of each group that the layer has. "in" is the
/// stream that enters the layer, "middle" the one between attention and feed-forward.
struct Place {
  std::string_view name;
  std::vector<Names> inputs;
};

// As llama.cpp builds its graphs for attention with or without latent compression, dense and expert layers,
// and state spaces; names without their ".weight".
const std::vector<Place>& places() {
  static const std::vector<Place> all{
      {"attn_norm", {{"in"}}},
      {"attn_q", {{"attn_norm", "in"}}},
      {"attn_k", {{"attn_norm", "in"}}},
      {"attn_v", {{"attn_norm", "in"}}},
      {"attn_qkv", {{"attn_norm", "in"}}},
      {"attn_q_norm", {{"attn_q", "attn_qkv"}}},
      {"attn_k_norm", {{"attn_k", "attn_qkv"}}},
      {"attn_q_a", {{"attn_norm", "in"}}},
      {"attn_q_a_norm", {{"attn_q_a"}}},
      {"attn_q_b", {{"attn_q_a_norm", "attn_q_a"}}},
      {"attn_kv_a_mqa", {{"attn_norm", "in"}}},
      {"attn_kv_a_norm", {{"attn_kv_a_mqa"}}},
      {"attn_kv_b", {{"attn_kv_a_norm", "attn_kv_a_mqa"}}},
      {"attn_k_b", {{"attn_kv_a_norm", "attn_kv_a_mqa"}}},
      {"attn_v_b", {{"attn_kv_a_norm", "attn_kv_a_mqa"}}},
      {"attn_sub_norm", {{"attn_q_norm", "attn_q"}, {"attn_k_norm", "attn_k"}, {"attn_v"}}},
      {"attn_output",
       {{"attn_sub_norm", "attn_q_norm", "attn_q", "attn_q_b", "attn_qkv"},
        {"attn_sub_norm", "attn_k_norm", "attn_k", "attn_kv_b", "attn_k_b", "attn_qkv"},
        {"attn_sub_norm", "attn_v", "attn_v_b", "attn_kv_b", "attn_qkv"}}},
      {"post_attention_norm", {{"attn_output"}}},
      {"ssm_in", {{"attn_norm", "in"}}},
      {"ssm_conv1d", {{"ssm_in"}}},
      {"ssm_x", {{"ssm_conv1d"}}},
      {"ssm_dt", {{"ssm_x", "ssm_in"}}},
      {"ssm_a", {{"ssm_dt"}}},
      {"ssm_d", {{"ssm_conv1d"}}},
      {"ssm_norm", {{"ssm_a"}, {"ssm_d"}}},
      {"ssm_out", {{"ssm_norm", "ssm_a"}, {"ssm_norm", "ssm_d"}}},
      {"ffn_norm", {{"middle"}}},
      {"ffn_gate_inp", {{"ffn_norm", "middle"}}},
      {"ffn_gate", {{"ffn_norm", "middle"}}},
      {"ffn_up", {{"ffn_norm", "middle"}}},
      {"ffn_gate_exps", {{"ffn_gate_inp"}, {"ffn_norm", "middle"}}},
      {"ffn_up_exps", {{"ffn_gate_inp"}, {"ffn_norm", "middle"}}},
      {"ffn_gate_shexp", {{"ffn_norm", "middle"}}},
      {"ffn_up_shexp", {{"ffn_norm", "middle"}}},
      {"ffn_down", {{"ffn_gate", "ffn_up"}, {"ffn_up"}}},
      {"ffn_down_exps", {{"ffn_gate_exps", "ffn_up_exps"}, {"ffn_up_exps"}}},
      {"ffn_down_shexp", {{"ffn_gate_shexp", "ffn_up_shexp"}, {"ffn_up_shexp"}}},
      {"post_ffw_norm", {{"ffn_down", "ffn_down_exps"}}},
  };
  return all;
}

// What the streams get: the last that is there of each group.
const std::vector<Names> kIntoMiddle{{"post_attention_norm", "attn_output"}, {"ssm_out"}};
const std::vector<Names> kIntoEnd{
    {"post_ffw_norm", "ffn_down"}, {"post_ffw_norm", "ffn_down_exps"}, {"ffn_down_shexp"}};

std::string label_of(const gguf::Tensor& tensor) {
  const std::string bytes =
      tensor.bytes ? fmt::format("{:.2f} MiB", static_cast<double>(*tensor.bytes) / 1048576.0) : "?";
  return fmt::format("{} ({}, {})", tensor.name, gguf::tensor_type_name(tensor.type), bytes);
}

/// "blk.12.attn_q.weight" as 12 and "attn_q"; a name without a layer has none.
struct Parsed {
  std::optional<std::uint32_t> layer;
  std::string_view part;
};

Parsed parse(std::string_view name) {
  const std::string_view whole = name;
  if (!name.starts_with("blk.")) return {std::nullopt, whole.substr(0, whole.find('.'))};
  name.remove_prefix(4);
  std::uint32_t layer = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
  if (error != std::errc{} || end == name.data() + name.size() || *end != '.') return {std::nullopt, whole};
  name.remove_prefix(static_cast<std::size_t>(end - name.data()) + 1);
  return {layer, name.substr(0, name.find('.'))};
}

class ModelGraphBuilder {
 public:
  explicit ModelGraphBuilder(const gguf::ModelFile& model) : model_(model) {
    graph_.about = "the tensors of " + model.name();
    graph_.graph.ids.keep_as_text();
  }

  DescribedGraph run() {
    sort_tensors();
    Vertex stream = input();
    for (const auto& [number, parts] : layers_) stream = add_layer(number, parts, stream);
    add_output(stream);
    if (unplaced_ != 0) {
      graph_.notes.push_back(
          fmt::format("of {} tensors the place in the data flow is not known: they are drawn between their "
                      "layer's ends, or alone",
                      unplaced_));
    }
    return std::move(graph_);
  }

 private:
  using Parts = std::map<std::string_view, std::vector<Vertex>>;  // weights, and biases beside them

  void sort_tensors() {
    for (const gguf::Tensor& tensor : model_.tensors()) {
      const Vertex v = graph_.vertex(tensor.name, label_of(tensor));
      const Parsed parsed = parse(tensor.name);
      if (parsed.layer)
        layers_[*parsed.layer][parsed.part].push_back(v);
      else
        outside_[parsed.part].push_back(v);
    }
  }

  void connect(const std::vector<Vertex>& from, const std::vector<Vertex>& to) {
    for (const Vertex u : from) {
      for (const Vertex v : to) {
        if (joined_.emplace(u, v).second) graph_.graph.edges.add(u, v);
      }
    }
  }

  static std::vector<Vertex> first_of(const Parts& parts, const Names& names) {
    for (const std::string_view name : names) {
      if (const auto found = parts.find(name); found != parts.end()) return found->second;
    }
    return {};
  }

  Vertex input() {
    const Vertex stream = graph_.vertex("input", "what enters the first layer");
    for (const std::string_view name : {"token_embd", "token_embd_norm", "position_embd", "token_types"}) {
      if (const auto found = outside_.find(name); found != outside_.end()) {
        connect(found->second, {stream});
        outside_.erase(found);
      }
    }
    return stream;
  }

  Vertex add_layer(std::uint32_t number, Parts parts, Vertex in) {
    const Vertex middle = graph_.vertex(fmt::format("layer {} middle", number),
                                        fmt::format("layer {} after attention", number));
    const Vertex end = graph_.vertex(fmt::format("layer {}", number), fmt::format("layer {}", number));
    connect({in}, {middle});
    connect({middle}, {end});
    parts["in"] = {in};
    parts["middle"] = {middle};
    for (const auto& [name, tensors] : parts) {
      if (name == "in" || name == "middle") continue;
      const auto place = std::ranges::find(places(), name, &Place::name);
      if (place == places().end()) {
        unplaced_ += tensors.size();
        connect({in}, tensors);
        connect(tensors, {end});
        continue;
      }
      for (const Names& group : place->inputs) connect(first_of(parts, group), tensors);
    }
    for (const Names& group : kIntoMiddle) connect(first_of(parts, group), {middle});
    for (const Names& group : kIntoEnd) connect(first_of(parts, group), {end});
    return end;
  }

  void add_output(Vertex stream) {
    std::vector<Vertex> last{stream};
    for (const std::string_view name : {"output_norm", "output"}) {
      const auto found = outside_.find(name);
      if (found == outside_.end()) {
        if (name == "output")
          graph_.notes.emplace_back("the model has no output matrix of its own: token_embd serves again");
        continue;
      }
      connect(last, found->second);
      last = found->second;
      outside_.erase(found);
    }
    for (const auto& [name, tensors] : outside_) unplaced_ += tensors.size();
  }

  const gguf::ModelFile& model_;
  DescribedGraph graph_;
  std::map<std::uint32_t, Parts> layers_;
  Parts outside_;
  std::set<std::pair<Vertex, Vertex>> joined_;
  std::size_t unplaced_ = 0;
};

}  // namespace

DescribedGraph model_graph(const gguf::ModelFile& model) { return ModelGraphBuilder(model).run(); }

}  // namespace llt::analytics
