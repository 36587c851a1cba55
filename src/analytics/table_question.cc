#include "analytics/table_question.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace llt::analytics {
namespace {

using enum TableOperation;

struct Known {
  std::string_view name;
  TableOperation operation;
};
constexpr std::array<Known, 5> kKnown{{{"group", group},
                                       {"histogram", histogram},
                                       {"buckets", buckets},
                                       {"rolling", rolling},
                                       {"anomalies", anomalies}}};

// How the median of absolute deviations becomes the standard deviation of a normal distribution.
constexpr double kNormal = 0.6744897501960817;

std::string sql_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// "requests" as a name, "main.requests" as it stands, a SELECT in parentheses.
std::string as_source(const std::string& from) {
  if (from.find_first_of(" \t\r\n(") != std::string::npos) return "(" + from + ")";
  return from.find('.') == std::string::npos ? sql_name(from) : from;
}

class Sql {
 public:
  explicit Sql(const TableQuestion& question) : question_(question) {
    for (std::size_t i = 0; i < question.by.size(); ++i)
      keys_ += fmt::format("{}, ", sql_name(question.by[i]));
  }

  std::string run() const {
    switch (question_.operation) {
      case group:
        return data() + fmt::format(" SELECT {}{} FROM data{}", keys_, figures(), grouped("count DESC"));
      case histogram:
        return of_bins();
      case buckets:
        return of_buckets();
      case rolling:
        return data() + fmt::format(
                            " SELECT {0}t AS \"time\", v AS \"value\", count(v) OVER w AS count{1} FROM data "
                            "WINDOW w AS "
                            "({2}ORDER BY t RANGE BETWEEN {3} PRECEDING AND CURRENT ROW) ORDER BY {0}t",
                            keys_, quantiles(" OVER w"), partition(), question_.window_ns);
      case anomalies:
        break;
    }
    return of_anomalies();
  }

  // See table_rows_sql().
  std::string rows() const {
    std::string keys, names, same, texts;
    for (std::size_t i = 0; i < question_.by.size(); ++i) {
      keys += fmt::format(", ({}) AS k{}", question_.by[i], i);
      names += fmt::format("{}k{}", i == 0 ? "" : ", ", i);
      same += fmt::format("{}n.k{} IS NOT DISTINCT FROM g.k{}", i == 0 ? "" : " AND ", i, i);
      texts += fmt::format(" UNION ALL SELECT NULL, {}, (-1 - code)::INTEGER, k{}::VARCHAR FROM codes", i, i);
      texts += fmt::format(" UNION ALL SELECT NULL, {}, -1, any_value(typeof(k{})) FROM codes",
                           i + question_.by.size(), i);
    }
    const std::string known =
        data(keys) + fmt::format(", known AS (SELECT {} AS v, {} AS t{}{} FROM data{})", looked_at(),
                                 needs_time(question_.operation) ? "t" : "NULL::BIGINT",
                                 keys.empty() ? "" : ", ", names, counted());
    if (keys.empty()) return known + " SELECT v, t, 0::INTEGER AS code, NULL::VARCHAR AS text FROM known";
    return known +
           fmt::format(
               ", codes AS MATERIALIZED (SELECT row_number() OVER (ORDER BY {0}) - 1 AS code, * FROM "
               "(SELECT DISTINCT {0} FROM known)) SELECT n.v AS v, n.t AS t, g.code::INTEGER AS code, "
               "NULL::VARCHAR AS text FROM known n JOIN codes g ON {1}{2}",
               names, same, texts);
  }

  // See table_size_sql(): as if the rows of each key came evenly.
  std::string size() const {
    const bool windows = question_.operation == rolling || question_.operation == anomalies;
    return data() + fmt::format(
                        ", sizes AS (SELECT count(*) AS n, {} AS span FROM data{}) SELECT coalesce(sum(n), "
                        "0)::BIGINT AS \"rows\", "
                        "coalesce(sum(n * least(1.0, coalesce({} / nullif(span, 0), 1.0)) * n), 0)::DOUBLE "
                        "AS window_rows FROM sizes",
                        windows ? "(max(t) - min(t))::DOUBLE" : "0",
                        keys_.empty() ? "" : " GROUP BY " + keys(), question_.window_ns);
  }

  // See table_answer_sql().
  std::string answer(const std::vector<std::string>& types) const {
    std::string keys;
    for (std::size_t i = 0; i < types.size(); ++i)
      keys += fmt::format("CAST(k{} AS {}) AS {}, ", i, types[i], sql_name(question_.by[i]));
    const std::string from = keys.empty() ? " FROM answer" : " FROM answer JOIN keys USING (code)";
    switch (question_.operation) {
      case group:
        return fmt::format("SELECT {}{}{} ORDER BY count DESC, code", keys, computed_figures(), from);
      case buckets:
        return fmt::format("SELECT {}\"time\", {}{} ORDER BY code, \"time\"", keys, computed_figures(), from);
      case histogram:
        return fmt::format(
            "WITH g AS (SELECT code, i AS bin, low, high FROM (SELECT DISTINCT code, low, high FROM answer), "
            "range({0}) "
            "AS r(i)) SELECT {1}{2}(low + (high - low) * bin / {0}) AS \"from\", {2}(low + (high - low) * "
            "(bin + 1) / {0}) "
            "AS \"to\", coalesce(n.count, 0) AS count FROM g LEFT JOIN (SELECT code, bin, count FROM answer) "
            "n USING (code, "
            "bin){3} ORDER BY code, bin",
            question_.bins, keys, question_.logarithmic ? "exp" : "",
            keys.empty() ? "" : " JOIN keys USING (code)");
      case rolling:
        return fmt::format("SELECT {}t AS \"time\", v AS \"value\", count{}{} ORDER BY code, t", keys,
                           computed_quantiles(), from);
      case anomalies:
        break;
    }
    return fmt::format(
        "SELECT {}t AS \"time\", v AS \"value\", {} * (v - median) / nullif(mad, 0) AS z, median, mad, "
        "count{} ORDER BY "
        "abs(z) DESC, t",
        keys, kNormal, from);
  }

 private:
  // What is looked at, and in which rows, before anything is counted: as in the SELECTs below.
  std::string looked_at() const {
    return question_.operation == histogram && question_.logarithmic ? "ln(v)" : "v";
  }
  std::string counted() const {
    switch (question_.operation) {
      case histogram:
        return std::string(" WHERE isfinite(v)") + (question_.logarithmic ? " AND v > 0" : "");
      case buckets:
        return " WHERE t IS NOT NULL";
      case anomalies:
        return " WHERE v IS NOT NULL";
      default:
        return "";
    }
  }
  std::string computed_quantiles() const {
    std::string list;
    for (std::size_t i = 0; i < question_.quantiles.size(); ++i)
      list += fmt::format(", q{} AS {}", i, sql_name(quantile_name(question_.quantiles[i])));
    return list;
  }
  std::string computed_figures() const {
    return "count, \"rows\" - count AS unknown, sum, sum / nullif(count, 0) AS mean, min, max" +
           computed_quantiles();
  }

  // The rows that count, with the columns v, t and the keys under the texts that the user gave for them.
  std::string data() const {
    std::string names;
    for (const std::string& key : question_.by) names += fmt::format(", ({}) AS {}", key, sql_name(key));
    return data(names);
  }
  std::string data(const std::string& keys) const {
    std::string columns = fmt::format("({})::DOUBLE AS v", question_.value);
    if (!question_.time.empty()) columns += fmt::format(", ({})::BIGINT AS t", question_.time);
    columns += keys;
    std::string where;
    if (!question_.where.empty()) where = fmt::format(" WHERE ({})", question_.where);
    if (question_.since_ns)
      where += fmt::format("{} ({}) >= {}", where.empty() ? " WHERE" : " AND", question_.time,
                           *question_.since_ns);
    return fmt::format("WITH data AS (SELECT {} FROM {} AS input{})", columns, as_source(question_.from),
                       where);
  }

  std::string quantiles(std::string_view over = {}) const {
    std::string list;
    for (const double q : question_.quantiles)
      list += fmt::format(", quantile_cont(v, {}){} AS {}", q, over, sql_name(quantile_name(q)));
    return list;
  }
  // What is known of some rows in numbers.
  std::string figures() const {
    return "count(v) AS count, count(*) - count(v) AS unknown, sum(v) AS sum, avg(v) AS mean, min(v) AS min, "
           "max(v) AS max" +
           quantiles();
  }
  std::string grouped(std::string_view order) const {
    return keys_.empty() ? std::string() : fmt::format(" GROUP BY {} ORDER BY {}, {}", keys(), order, keys());
  }
  std::string keys() const { return keys_.substr(0, keys_.size() - 2); }
  std::string partition() const { return keys_.empty() ? "" : fmt::format("PARTITION BY {} ", keys()); }
  // "n.key IS NOT DISTINCT FROM g.key AND ..." for all keys: NULL is a key like others.
  std::string same_keys() const {
    std::string same;
    for (const std::string& key : question_.by)
      same += fmt::format(" AND n.{0} IS NOT DISTINCT FROM g.{0}", sql_name(key));
    return same;
  }
  std::string keys_of(std::string_view table) const {
    std::string list;
    for (const std::string& key : question_.by) list += fmt::format("{}.{}, ", table, sql_name(key));
    return list;
  }

  // All groups have the same bins; empty ones are there too.
  std::string of_bins() const {
    const std::string scale = question_.logarithmic ? "ln(v)" : "v",
                      back = question_.logarithmic ? "exp" : "";
    return data() +
           fmt::format(
               ", known AS (SELECT *, {scale} AS s FROM data WHERE isfinite(v){positive}), "
               "ends AS (SELECT min(s) AS low, max(s) AS high FROM known), "
               "n AS (SELECT {keys}least({bins} - 1, greatest(0, coalesce(floor((s - low) / nullif(high - "
               "low, 0) * {bins}), "
               "0)))::BIGINT AS bin, count(*) AS count FROM known, ends GROUP BY ALL), "
               "g AS (SELECT DISTINCT {groups}, i AS bin, low, high FROM known, ends, range({bins}) AS r(i)) "
               "SELECT {of_g}{back}(low + (high - low) * g.bin / {bins}) AS \"from\", "
               "{back}(low + (high - low) * (g.bin + 1) / {bins}) AS \"to\", coalesce(n.count, 0) AS count "
               "FROM g LEFT JOIN n ON n.bin = g.bin{same} ORDER BY {of_g}g.bin",
               fmt::arg("scale", scale), fmt::arg("positive", question_.logarithmic ? " AND v > 0" : ""),
               fmt::arg("keys", keys_), fmt::arg("bins", question_.bins),
               fmt::arg("groups", keys_.empty() ? "0" : keys()), fmt::arg("of_g", keys_of("g")),
               fmt::arg("back", back), fmt::arg("same", same_keys()));
  }

  std::string of_buckets() const {
    return data() + fmt::format(
                        " SELECT {0}t - ((t % {1}) + {1}) % {1} AS \"time\", {2} FROM data WHERE t IS NOT "
                        "NULL GROUP BY {0}\"time\" "
                        "ORDER BY {0}\"time\"",
                        keys_, question_.every_ns, figures());
  }

  // How far each value is from the median of the rows before it, in robust standard deviations.
  std::string of_anomalies() const {
    return data() +
           fmt::format(
               ", seen AS (SELECT *, count(v) OVER w AS count, median(v) OVER w AS median, mad(v) OVER w AS "
               "mad FROM data "
               "WHERE v IS NOT NULL WINDOW w AS ({partition}ORDER BY t RANGE BETWEEN {window} PRECEDING AND "
               "CURRENT ROW EXCLUDE "
               "CURRENT ROW)), scored AS (SELECT *, {normal} * (v - median) / nullif(mad, 0) AS z FROM seen) "
               "SELECT {keys}t AS \"time\", v AS \"value\", z, median, mad, count FROM scored "
               "WHERE count >= {least} AND abs(z) >= {threshold} ORDER BY abs(z) DESC, t",
               fmt::arg("partition", partition()), fmt::arg("window", question_.window_ns),
               fmt::arg("normal", kNormal), fmt::arg("keys", keys_), fmt::arg("least", question_.least),
               fmt::arg("threshold", question_.threshold));
  }

  const TableQuestion& question_;
  std::string keys_;  ///< "a", "b", with a comma behind each
};

std::unexpected<Error> wrong(std::string message, std::string hint = {}) {
  return fail(ErrorCode::invalid_argument, std::move(message), std::move(hint));
}

}  // namespace

std::optional<TableOperation> find_table_operation(std::string_view name) {
  const auto found = std::ranges::find(kKnown, name, &Known::name);
  return found == kKnown.end() ? std::nullopt : std::optional(found->operation);
}

bool needs_time(TableOperation operation) {
  return operation == buckets || operation == rolling || operation == anomalies;
}

std::string quantile_name(double quantile) { return fmt::format("p{:.6g}", 100 * quantile); }

std::vector<std::string> figure_columns(const TableQuestion& question) {
  std::vector<std::string> names;
  if (question.operation == group || question.operation == buckets) names = {"sum", "mean", "min", "max"};
  if (question.operation == histogram) return {"from", "to"};
  if (question.operation == anomalies) return {"value", "z", "median", "mad"};
  if (question.operation == rolling) names = {"value"};
  for (const double quantile : question.quantiles) {
    auto name = quantile_name(quantile);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

std::string table_size_sql(const TableQuestion& question) { return Sql(question).size(); }

std::string table_rows_sql(const TableQuestion& question) { return Sql(question).rows(); }

std::string table_answer_sql(const TableQuestion& question, const std::vector<std::string>& types) {
  return Sql(question).answer(types);
}

Result<std::string> table_sql(const TableQuestion& question) {
  if (question.from.empty()) return wrong("which table?", "name it with --from, or give a SELECT there");
  if (question.value.empty()) return wrong("which value?", "name a column with --value");
  if ((needs_time(question.operation) || question.since_ns) && question.time.empty())
    return wrong("which column has the time?", "name it with --time");
  if (question.bins == 0) return wrong("a histogram has at least one bin");
  if (question.every_ns <= 0 || question.window_ns <= 0)
    return wrong("a time span must be longer than nothing");
  if (!(question.threshold > 0)) return wrong("the threshold must be above 0");
  for (const double q : question.quantiles) {
    if (!(q >= 0 && q <= 1)) return wrong("a quantile lies between 0 and 1", "the 99th percentile is 0.99");
  }
  return Sql(question).run();
}

}  // namespace llt::analytics
