#include "views/heatmap_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "store/reader.h"
#include "views/json_rows.h"
#include "views/request_filter.h"

namespace llt::views {
namespace {

constexpr std::int64_t kMostDots = 1500;
constexpr double kLeastDecades = 0.3;  // an axis of one value would have no height
constexpr double kLeastNs = 1000;      // a logarithm needs a floor
constexpr std::int64_t kLeastSpanNs = 1'000'000'000;

struct Axes {
  std::string metric;  ///< an expression in nanoseconds
  std::string where;
  std::int64_t x = 96, y = 40;
  std::int64_t from_ns = 0, bin_ns = 1;
  double low = 0, decade = 1;  ///< log10 of the lowest cell's floor; height of a cell in decades
};

Result<Axes> parse_axes(const Target& target) {
  Axes axes;
  const RequestColumn* column = find_request_column(target.find("metric").value_or("total_ns"));
  if (column == nullptr || column->unit != "ns") {
    return std::unexpected(
        bad_parameter("metric", "a column in ns: total_ns, ttft_ns, tpot_ns, queue_ns, ..."));
  }
  axes.metric = column->sql;
  if (const auto text = target.find("x")) {
    const auto value = parse_integer(*text, 1, 400);
    if (!value) return std::unexpected(bad_parameter("x", "a number from 1 to 400"));
    axes.x = *value;
  }
  if (const auto text = target.find("y")) {
    const auto value = parse_integer(*text, 1, 120);
    if (!value) return std::unexpected(bad_parameter("y", "a number from 1 to 120"));
    axes.y = *value;
  }
  auto where = request_conditions(target);
  if (!where) return std::unexpected(std::move(where.error()));
  axes.where = std::move(*where);
  return axes;
}

// What is there: counts, the corners and percentiles.
Result<Json> read_extent(store::Reader& reader, const Axes& axes) {
  auto rows = json_rows(
      reader,
      fmt::format(
          "SELECT count(*) AS count, count(error_type) AS errors, count(v) AS known, "
          "min(start_unix_ns) AS first, max(start_unix_ns) AS last, min(v) AS low, max(v) AS high, "
          "quantile_cont(v, 0.5) AS p50, quantile_cont(v, 0.95) AS p95, quantile_cont(v, 0.99) AS p99 "
          "FROM (SELECT start_unix_ns, error_type, {} AS v FROM requests WHERE {})",
          axes.metric, axes.where));
  if (!rows) return rows;
  if (rows->size() != 1) return fail(ErrorCode::internal, "the store answered a count with no row");
  return Json(rows->front());
}

double log_of(const Json& ns) { return std::log10(std::max(kLeastNs, ns.get<double>())); }

void set_axes(Axes& axes, const Json& extent, const Target& target) {
  const auto given = [&target](std::string_view name, std::int64_t otherwise) {
    const auto text = target.find(name);
    return text ? parse_integer(*text, 0, INT64_MAX).value_or(otherwise) : otherwise;
  };
  axes.from_ns = given("since", extent["first"].get<std::int64_t>());
  const std::int64_t to_ns = given("until", extent["last"].get<std::int64_t>() + 1);
  axes.bin_ns = std::max(kLeastSpanNs, to_ns - axes.from_ns + axes.x - 1) / axes.x;
  axes.low = log_of(extent["low"]);
  double height = log_of(extent["high"]) - axes.low;
  if (height < kLeastDecades) {
    axes.low -= (kLeastDecades - height) / 2;
    height = kLeastDecades;
  }
  axes.decade = height / static_cast<double>(axes.y);
}

Result<Json> read_cells(store::Reader& reader, const Axes& axes) {
  auto rows = json_rows(
      reader,
      fmt::format("SELECT least((start_unix_ns - {0}) // {1}, {2}) AS x, "
                  "greatest(0, least(floor((log10(greatest(v, {3})) - {4}) / {5}), {6}))::INTEGER AS y, "
                  "count(*) AS n, count(error_type) AS errors "
                  "FROM (SELECT start_unix_ns, error_type, {7} AS v FROM requests WHERE {8}) "
                  "WHERE v IS NOT NULL GROUP BY ALL ORDER BY ALL",
                  axes.from_ns, axes.bin_ns, axes.x - 1, kLeastNs, axes.low, axes.decade, axes.y - 1,
                  axes.metric, axes.where));
  if (!rows) return rows;
  Json cells = Json::array();
  for (const Json& row : *rows) cells.push_back({row["x"], row["y"], row["n"], row["errors"]});
  return cells;
}

Result<Json> read_dots(store::Reader& reader, const Axes& axes) {
  auto rows = json_rows(
      reader, fmt::format("SELECT start_unix_ns, {0} AS v, error_type IS NOT NULL AS failed, request_id "
                          "FROM requests WHERE {1} AND {0} IS NOT NULL ORDER BY start_unix_ns LIMIT {2}",
                          axes.metric, axes.where, kMostDots));
  if (!rows) return rows;
  Json dots = Json::array();
  for (const Json& row : *rows) {
    dots.push_back({row["start_unix_ns"], row["v"], row["failed"], row["request_id"]});
  }
  return dots;
}

}  // namespace

Reply request_heatmap(store::Reader& reader, const Target& target) {
  auto axes = parse_axes(target);
  if (!axes) return error_reply(axes.error());
  auto extent = read_extent(reader, *axes);
  if (!extent) return error_reply(extent.error());
  Json document{{"count", (*extent)["count"]}, {"errors", (*extent)["errors"]}, {"known", (*extent)["known"]},
                {"p50", (*extent)["p50"]},     {"p95", (*extent)["p95"]},       {"p99", (*extent)["p99"]}};
  document["cells"] = Json::array();
  document["dots"] = nullptr;
  const auto known = (*extent)["known"].get<std::int64_t>();
  if (known == 0) return json_reply(document);
  set_axes(*axes, *extent, target);
  auto cells = read_cells(reader, *axes);
  if (!cells) return error_reply(cells.error());
  document["cells"] = std::move(*cells);
  if (known <= kMostDots) {
    auto dots = read_dots(reader, *axes);
    if (!dots) return error_reply(dots.error());
    document["dots"] = std::move(*dots);
  }
  document["x"] = axes->x;
  document["y"] = axes->y;
  document["from_unix_ns"] = axes->from_ns;
  document["bin_ns"] = axes->bin_ns;
  document["low_log10_ns"] = axes->low;
  document["bin_log10"] = axes->decade;
  return json_reply(document);
}

}  // namespace llt::views
