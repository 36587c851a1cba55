#include "views/graph/graph_request.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace llt::views {
namespace {

using analytics::Want;

constexpr std::int64_t kLongestSeconds = 10LL * 365 * 24 * 3600;

std::unexpected<Error> bad(std::string_view name, std::string_view hint) {
  return fail(ErrorCode::invalid_argument, fmt::format("the parameter '{}' is not valid", name),
              std::string(hint));
}

std::optional<double> real(std::string_view text, double low, double high) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high))
    return std::nullopt;
  return value;
}

template <class Number, class Destination>
Result<> take_whole(std::string_view name, std::string_view text, Number low, Number high,
                    Destination& target) {
  const auto value = parse_integer(text, static_cast<std::int64_t>(low), static_cast<std::int64_t>(high));
  if (!value) return bad(name, fmt::format("a whole number from {} to {}", low, high));
  target = static_cast<Number>(*value);
  return {};
}

Result<> take_real(std::string_view name, std::string_view text, double low, double high, double& target) {
  const auto value = real(text, low, high);
  if (!value) return bad(name, fmt::format("a number from {} to {}", low, high));
  target = *value;
  return {};
}

Result<> take_id(std::string_view name, std::string_view text, std::string& target) {
  if (text.size() > kMaxIdBytes) return bad(name, "at most 1024 bytes");
  target = text;
  return {};
}

Result<> take_choice(GraphRequest& r, std::string_view name, std::string_view text) {
  if (name == "layout") {
    if (text != "server" && text != "none") return bad(name, "server or none");
    r.layout = text == "server";
  } else if (name == "format") {
    if (text != "json" && text != "binary") return bad(name, "json or binary");
    r.binary = text == "binary";
  } else if (name == "directed") {
    if (text != "1" && text != "0") return bad(name, "1 or 0");
    r.request.directed = text == "1";
  } else if (name == "backend") {
    if (text != "auto" && text != "cpu" && text != "gpu") return bad(name, "auto, cpu or gpu");
    r.want = text == "cpu" ? Want::cpu : text == "gpu" ? Want::gpu : Want::automatic;
  } else {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a parameter of a graph", name),
                "GET /api describes them");
  }
  return {};
}

Result<> take(GraphRequest& r, std::string_view name, std::string_view text) {
  if (name == "algorithm") {
    if (analytics::find_algorithm(text) == nullptr)
      return bad(name, "GET /api/v1/graphs lists the algorithms");
    r.algorithm = text;
    return {};
  }
  if (name == "trace") return take_id(name, text, r.trace);
  if (name == "from") return take_id(name, text, r.from);
  if (name == "since") return take_whole<std::int64_t>(name, text, 1, kLongestSeconds, r.since_seconds);
  if (name == "samples") return take_whole<std::uint32_t>(name, text, 1, 1'000'000, r.request.samples);
  if (name == "radius") return take_whole<unsigned>(name, text, 0, 64, r.request.radius);
  if (name == "iterations") return take_whole<unsigned>(name, text, 1, 10'000, r.request.iterations);
  if (name == "seed") return take_whole<std::uint64_t>(name, text, 0, INT64_MAX, r.request.seed);
  if (name == "resolution") return take_real(name, text, 0.001, 1000, r.request.resolution);
  if (name == "damping") return take_real(name, text, 0, analytics::kMostDamping, r.request.damping);
  return take_choice(r, name, text);
}

}  // namespace

Result<GraphRequest> parse_graph_request(std::string_view graph, const Target& target) {
  GraphRequest request;
  request.graph = graph;
  for (const auto& [name, value] : target.parameters) {
    if (auto taken = take(request, name, value); !taken) return std::unexpected(std::move(taken.error()));
  }
  return request;
}

std::string cache_key(const GraphRequest& r) {
  const auto& q = r.request;
  const auto optional = [](const auto& value) {
    return value ? fmt::format("{}", *value) : std::string("-");
  };
  // Ids come from clients: their lengths keep two different requests from having one key.
  return fmt::format("{}|{}:{}|{}|{}|{}:{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", r.graph, r.trace.size(), r.trace,
                     optional(r.since_seconds), r.algorithm, r.from.size(), r.from, optional(q.samples),
                     q.radius, q.resolution, q.damping, optional(q.iterations), q.seed,
                     q.directed ? (*q.directed ? "d" : "u") : "-", r.layout, static_cast<int>(r.want));
}

}  // namespace llt::views
