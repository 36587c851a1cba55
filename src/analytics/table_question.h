#pragma once
// What can be asked of a table: groups, histograms, time buckets, rolling percentiles, anomalies. Each is one
// SELECT, so that it runs where the rows are and comes out in every format that a query has.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace llt::analytics {

enum class TableOperation : std::uint8_t { group, histogram, buckets, rolling, anomalies };

[[nodiscard]] std::optional<TableOperation> find_table_operation(std::string_view name);

/// `value`, `by` and `where` are expressions of SQL over `from`, in nanoseconds where they are times.
struct TableQuestion {
  TableOperation operation = TableOperation::group;
  std::string from;                                ///< a table, a view, or a SELECT
  std::string value;                               ///< what is looked at; NULL counts as not known
  std::vector<std::string> by;                     ///< each combination on its own
  std::string where;                               ///< only these rows; empty: all
  std::string time;                                ///< the column with the time; empty: not needed
  std::optional<std::int64_t> since_ns;            ///< only rows from this moment on
  std::vector<double> quantiles{0.5, 0.95, 0.99};  ///< 0 to 1
  unsigned bins = 20;                              ///< histogram
  bool logarithmic = false;  ///< histogram: bins of equal ratio; values of 0 and below are left out
  std::int64_t every_ns = 60'000'000'000;    ///< buckets
  std::int64_t window_ns = 600'000'000'000;  ///< rolling, anomalies: the time before each row
  double threshold = 3.5;                    ///< anomalies: least |z|
  unsigned least = 10;                       ///< anomalies: rows that the window must have
};

/// Errors (invalid_argument): what is missing or contradicts.
[[nodiscard]] Result<std::string> table_sql(const TableQuestion& question);

/// The rows that a valid question is about, for work elsewhere: the columns `v` (DOUBLE), `t` (BIGINT, NULL
/// where the question needs no time), `code` (INTEGER) and `text`. Rows of the same keys have the same code,
/// numbered from 0 in the order of the keys. Rows with a code below 0 say what the codes stand for: of the
/// code -1 - `code`, `text` is key number `t`, or, from the number of keys on, the type of that key.
[[nodiscard]] std::string table_rows_sql(const TableQuestion& question);

/// The answer of table_sql() from the tables `answer` (`code` and the figures of the operation, see
/// table_on_gpu.cc) and `keys` (`code`, `k0`, `k1`, ... as text). `types`: of the keys.
[[nodiscard]] std::string table_answer_sql(const TableQuestion& question,
                                           const std::vector<std::string>& types);

/// One row: `rows`, how many the question is about, and `window_rows`, about how many are in all their
/// windows together.
[[nodiscard]] std::string table_size_sql(const TableQuestion& question);

/// Whether a question looks at times.
[[nodiscard]] bool needs_time(TableOperation operation);

/// The columns of table_sql() that were computed from the value; neither keys, nor times, nor counts.
[[nodiscard]] std::vector<std::string> figure_columns(const TableQuestion& question);

/// "p50", "p99.9": the column of a quantile.
[[nodiscard]] std::string quantile_name(double quantile);

}  // namespace llt::analytics
