#include "views/gpu_curves.h"

#include <fmt/format.h>

#include <cmath>

#include "base/clock.h"
#include "views/json_rows.h"

namespace llt::views {
namespace {

// Who holds memory is read about once a second: a second that was missed has the reading before it. One
// without a process on a card is a card that nobody uses, unless the driver has never told of any process:
// then it does not tell.
constexpr std::string_view kPoints = R"sql(
WITH samples AS (
  SELECT unix_ns // {width} AS bin, gpu, avg(utilization) AS utilization, avg(power_watts) AS power,
         max(temperature_celsius) AS temperature, avg(memory_used_bytes) AS used
  FROM gpu_samples WHERE unix_ns >= {first} AND unix_ns < {end} GROUP BY ALL),
seen AS (
  SELECT unix_ns // {second} AS second, gpu, role, memory_bytes
  FROM gpu_processes WHERE unix_ns >= {first} - {second} AND unix_ns < {end}),
held AS (
  FROM seen UNION ALL SELECT second + 1, gpu, role, memory_bytes FROM seen
  WHERE second + 1 NOT IN (SELECT second FROM seen)),
readings AS (SELECT second * {second} // {width} AS bin, count(DISTINCT second) AS count FROM held GROUP BY bin),
roles AS (
  SELECT second * {second} // {width} AS bin, gpu, bool_or(memory_bytes IS NULL) AS hidden,
         coalesce(sum(memory_bytes) FILTER (role = 'engine'), 0)::DOUBLE AS engine,
         coalesce(sum(memory_bytes) FILTER (role = 'analytics'), 0)::DOUBLE AS analytics
  FROM held GROUP BY ALL),
told AS (SELECT EXISTS (SELECT 1 FROM gpu_processes WHERE memory_bytes IS NOT NULL) AS told)
SELECT s.bin, s.gpu, s.utilization, s.power, s.temperature, s.used,
       CASE WHEN told AND hidden IS NOT TRUE THEN coalesce(r.engine / n.count, 0) END AS engine,
       CASE WHEN told AND hidden IS NOT TRUE THEN coalesce(r.analytics / n.count, 0) END AS analytics
FROM samples s CROSS JOIN told LEFT JOIN roles r USING (bin, gpu) LEFT JOIN readings n USING (bin)
ORDER BY s.bin, s.gpu)sql";

std::optional<double> number(const Json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

void append_cell(std::string& out, std::optional<double> value, double scale) {
  out += ',';
  if (!value || !std::isfinite(*value)) {
    out += "null";
    return;
  }
  fmt::format_to(std::back_inserter(out), "{}", std::round(*value * scale) / scale);
}

// Bytes are whole numbers, and too large for how a double is written.
void append_bytes(std::string& out, std::optional<double> value) {
  out += ',';
  out += value ? std::to_string(std::llround(*value)) : "null";
}

void append_row(std::string& out, const GpuPoint& point) {
  fmt::format_to(std::back_inserter(out), "[{},{}", point.time, point.gpu);
  append_cell(out, point.utilization, 1e4);
  append_cell(out, point.power_watts, 1e2);
  append_cell(out, point.temperature_celsius, 1e1);
  append_bytes(out, point.used_bytes);
  append_bytes(out, point.engine_bytes);
  append_bytes(out, point.analytics_bytes);
  out += ']';
}

}  // namespace

Result<std::vector<GpuPoint>> read_gpu_points(store::Reader& reader, UnixSecond first, UnixSecond last,
                                              int step) {
  const auto rows =
      json_rows(reader, fmt::format(fmt::runtime(kPoints), fmt::arg("width", step * kNsPerS),
                                    fmt::arg("second", kNsPerS), fmt::arg("first", first * kNsPerS),
                                    fmt::arg("end", (last + 1) * kNsPerS)));
  if (!rows) return std::unexpected(rows.error());
  std::vector<GpuPoint> points;
  points.reserve(rows->size());
  for (const Json& row : *rows) {
    points.push_back({.time = row["bin"].get<std::int64_t>() * step,
                      .gpu = row["gpu"].get<int>(),
                      .utilization = number(row["utilization"]),
                      .power_watts = number(row["power"]),
                      .temperature_celsius = number(row["temperature"]),
                      .used_bytes = number(row["used"]),
                      .engine_bytes = number(row["engine"]),
                      .analytics_bytes = number(row["analytics"])});
  }
  return points;
}

std::string_view gpu_columns_json() {
  return R"(["time","gpu","utilization","power_watts","temperature_celsius",)"
         R"("memory_used_bytes","memory_engine_bytes","memory_analytics_bytes"])";
}

std::string gpu_rows_json(const std::vector<GpuPoint>& points) {
  std::string out = "[";
  for (const GpuPoint& point : points) {
    if (out.size() > 1) out += ',';
    append_row(out, point);
  }
  return out + "]";
}

void GpuCurves::put(const std::vector<GpuPoint>& points) {
  for (const GpuPoint& point : points) points_[{point.time, point.gpu}] = point;
  if (points_.empty()) return;
  const UnixSecond oldest = points_.rbegin()->first.first - seconds_ + 1;
  points_.erase(points_.begin(), points_.lower_bound({oldest, 0}));
}

std::vector<GpuPoint> GpuCurves::after(UnixSecond second) const {
  std::vector<GpuPoint> found;
  for (auto at = points_.lower_bound({second + 1, 0}); at != points_.end(); ++at) found.push_back(at->second);
  return found;
}

}  // namespace llt::views
