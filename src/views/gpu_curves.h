#pragma once
// The GPUs' curves: what each card did in each second, from the readings in the store.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "views/live_series.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

/// One card in one stretch of time. What was not read, or is not told by the driver, is absent.
struct GpuPoint {
  UnixSecond time = 0;
  int gpu = 0;
  std::optional<double> utilization{}, power_watts{};  ///< means
  std::optional<double> temperature_celsius{};         ///< the highest
  std::optional<double> used_bytes{};                  ///< by all processes, mean
  std::optional<double> engine_bytes{}, analytics_bytes{};
};

/// The cards in [first, last] by multiples of `step` seconds, oldest first. Empty where no driver was.
[[nodiscard]] Result<std::vector<GpuPoint>> read_gpu_points(store::Reader& reader, UnixSecond first,
                                                            UnixSecond last, int step = 1);

/// The names of the values of a row, as a JSON array.
[[nodiscard]] std::string_view gpu_columns_json();
/// Rows of these values, as a JSON array.
[[nodiscard]] std::string gpu_rows_json(const std::vector<GpuPoint>& points);

/// The newest seconds of all cards, each once. Not thread-safe.
class GpuCurves {
 public:
  explicit GpuCurves(int seconds) : seconds_(seconds) {}
  /// Takes points in; those of a second and card that are held already replace them.
  void put(const std::vector<GpuPoint>& points);
  void clear() { points_.clear(); }
  [[nodiscard]] bool empty() const noexcept { return points_.empty(); }
  [[nodiscard]] std::vector<GpuPoint> after(UnixSecond second) const;

 private:
  int seconds_;
  std::map<std::pair<UnixSecond, int>, GpuPoint> points_;
};

}  // namespace llt::views
