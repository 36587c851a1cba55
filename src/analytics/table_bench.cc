// The table questions on the GPU and on the CPU (DuckDB): the same answers on every kind of table, and what
// each takes. `table_bench ROWS[,ROWS...] [KIND...]` prints one JSON line a question, `--limits` whether the
// memory limit holds;
// `--busy SECONDS ROWS` keeps the GPU at work. Where there is no GPU it says so in the first line and runs
// the CPU alone.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "analytics/gpu/gpu_tables.h"
#include "analytics/gpu/worker.h"
#include "analytics/table_on_gpu.h"
#include "base/clock.h"

namespace llt::analytics {
namespace {

using store::Scratch;

constexpr std::uint64_t kCompared = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;

double ms_since(SteadyNs begin) { return static_cast<double>(now_steady() - begin) / 1e6; }

/// `rows` is how many; `i` counts them; random(n) is a number in [0, 1) that depends on i and n alone.
struct Kind {
  const char* name;
  const char* value;
  const char* time;
  const char* key;
  const char* rows;
};
constexpr std::array<Kind, 13> kKinds{{
    {"latencies", "exp(3 + random(1) + random(2) + random(3))", "(i * 1000000000 / 10)::BIGINT",
     "'m' || (i * 7 % 20)", "rows"},
    {"some unknown", "CASE WHEN i % 37 <> 5 THEN 100 * random(1) END",
     "CASE WHEN i % 53 <> 7 THEN i * 100000000 END",
     "CASE WHEN i % 3 = 0 THEN 'a' WHEN i % 3 = 1 THEN 'b' END", "rows"},
    {"not a number",
     "CASE i % 10 WHEN 3 THEN 'nan'::DOUBLE WHEN 5 THEN 'inf'::DOUBLE WHEN 7 THEN '-inf'::DOUBLE ELSE "
     "random(1) END",
     "i * 100000000", "(i % 5)::INTEGER", "rows"},
    {"ties", "(i * 7919 % 5)::DOUBLE", "(i // 50) * 5000000000", "i % 2 = 0", "rows"},
    {"as many groups as rows", "random(1)", "i * 100000000", "i::BIGINT", "rows"},
    {"many groups", "random(1) - 0.5", "i * 100000000", "'k' || floor(rows / 20 * random(2))::BIGINT",
     "rows"},
    {"one group", "random(1) * random(2)", "i * 100000000", "'all'", "rows"},
    {"negative", "-1000 * random(1)", "(i - rows / 2)::BIGINT * 100000000", "(-(i % 3))::DOUBLE", "rows"},
    {"huge", "CASE WHEN i % 2 = 0 THEN 1.7e308 ELSE -1.7e308 END * random(1)", "i * 100000000", "i % 4",
     "rows"},
    {"all the same", "42.0", "i * 100000000", "'x'", "rows"},
    {"nothing known", "NULL::DOUBLE", "i * 100000000", "i % 3", "rows"},
    {"one row", "3.25", "7::BIGINT", "'only'", "1"},
    {"empty", "1.0", "i", "'none'", "0"},
}};

std::string with_random(std::string text) {
  std::size_t at = 0;
  while ((at = text.find("random(", at)) != std::string::npos) {
    const char which = text[at + 7];
    // The upper half of a hash as a fraction.
    const std::string hash = fmt::format("((hash(i * 8 + {}) >> 11)::DOUBLE / 9007199254740992)", which);
    text.replace(at, 9, hash);
    at += hash.size();
  }
  return text;
}

Result<> fill(Scratch& database, const Kind& kind, std::uint64_t rows) {
  if (auto gone = database.execute("DROP TABLE IF EXISTS sample"); !gone) return gone;
  const std::string count = std::strcmp(kind.rows, "rows") == 0 ? std::to_string(rows) : kind.rows;
  return database.execute(
      with_random(fmt::format("CREATE TABLE sample AS SELECT ({})::DOUBLE AS v, ({})::BIGINT AS t, {} AS g "
                              "FROM (SELECT i, {}::BIGINT AS rows FROM "
                              "range({}) r(i))",
                              kind.value, kind.time, kind.key, count, count)));
}

struct Asked {
  const char* name;
  TableQuestion question;
};

std::vector<Asked> questions() {
  const auto make = [](TableOperation operation, bool keys) {
    TableQuestion question;
    question.operation = operation;
    question.from = "sample";
    question.value = "v";
    if (keys) question.by = {"g"};
    if (needs_time(operation)) question.time = "t";
    question.every_ns = 60 * kSecond;
    question.window_ns = 10 * kSecond;  // a hundred rows, most often
    question.least = 5;
    return question;
  };
  using enum TableOperation;
  std::vector<Asked> all{{"group", make(group, true)},
                         {"group, no keys", make(group, false)},
                         {"histogram", make(histogram, true)},
                         {"histogram, log", make(histogram, false)},
                         {"buckets", make(buckets, true)},
                         {"rolling", make(rolling, false)},
                         {"rolling by key", make(rolling, true)},
                         {"anomalies", make(anomalies, false)},
                         {"anomalies by key", make(anomalies, true)},
                         {"rolling, long windows", make(rolling, false)},
                         {"anomalies, long windows", make(anomalies, false)}};
  all[3].question.logarithmic = true;
  for (Asked* longer : {&all[9], &all[10]}) longer->question.window_ns = 100 * kSecond;
  return all;
}

std::string first_number(Scratch& database, const std::string& sql) {
  auto text = database.query_text(sql, store::Format::csv);
  if (!text) return "error: " + text.error().to_string();
  const std::size_t line = text->find('\n');
  std::string number = line == std::string::npos ? "" : text->substr(line + 1);
  while (!number.empty() && (number.back() == '\n' || number.back() == '\r')) number.pop_back();
  return number;
}

std::string names_of(Scratch& database, const std::string& table) {
  return first_number(database, fmt::format("SELECT string_agg(column_name, ' ') FROM (DESCRIBE {})", table));
}

// All columns are to be the same; what is added up, in whatever order, to the eleventh digit of the largest
// addend.
std::string differing_rows(Scratch& database, const Asked& asked) {
  if (names_of(database, "cpu") != names_of(database, "gpu"))
    return "columns " + names_of(database, "cpu") + " and " + names_of(database, "gpu");
  const bool sums = asked.question.operation == TableOperation::group ||
                    asked.question.operation == TableOperation::buckets;
  const std::string columns = sums ? "* EXCLUDE (sum, mean)" : "*";
  const std::string exact = first_number(
      database,
      fmt::format(
          "SELECT count(*) FROM ((SELECT {0} FROM cpu EXCEPT ALL SELECT {0} FROM gpu) UNION ALL (SELECT {0} "
          "FROM gpu EXCEPT ALL SELECT {0} FROM cpu))",
          columns));
  if (exact != "0" || !sums) return exact;
  const std::string keys = asked.question.operation == TableOperation::buckets
                               ? "n.g IS NOT DISTINCT FROM m.g AND n.time = m.time"
                           : asked.question.by.empty() ? "true"
                                                       : "n.g IS NOT DISTINCT FROM m.g";
  // Where sums overflow, it depends on the order of the addends whether they do.
  const auto apart = [](const char* column, const char* scale) {
    return fmt::format(
        "NOT (n.{0} IS NOT DISTINCT FROM m.{0} OR coalesce(abs(n.{0} - m.{0}) <= 1e-11 * {1} * largest, "
        "false) "
        "OR (isfinite(largest) AND largest * n.count > 1.7e308))",
        column, scale);
  };
  return first_number(
      database, fmt::format("SELECT count(*) FROM (SELECT *, greatest(abs(min), abs(max)) AS largest FROM "
                            "cpu) n JOIN gpu m ON {} WHERE {} OR {}",
                            keys, apart("sum", "n.count"), apart("mean", "1")));
}

std::string quoted(std::string text) {
  std::ranges::replace(text, '"', '\'');
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == '\\'; }, ' ');
  return '"' + text + '"';
}

std::string number(double value) { return value > 0 ? fmt::format("{:.3f}", value) : "null"; }

class Bench {
 public:
  explicit Bench(std::unique_ptr<Scratch> database) : database_(std::move(database)) {
    auto tables = gpu::Tables::open({});
    if (tables) version_ = tables->version();
    fmt::print("{{\"gpu\":{},\"threads\":{},\"problem\":{}}}\n", tables ? quoted(version_) : "null",
               std::thread::hardware_concurrency(), tables ? "null" : quoted(tables.error().to_string()));
    std::fflush(stdout);
    if (const char* limit = std::getenv("LLT_BENCH_SECONDS")) limit_ms_ = std::atof(limit) * 1000;
  }

  bool run(const Kind& kind, std::uint64_t rows) {
    if (auto filled = fill(*database_, kind, rows); !filled) {
      fmt::print("{{\"table\":\"{}\",\"error\":{}}}\n", kind.name, quoted(filled.error().to_string()));
      return false;
    }
    bool same = true;
    for (const Asked& asked : questions()) same = one(kind, rows, asked) && same;
    return same;
  }

 private:
  // The time of CREATE TABLE: DuckDB works with all threads, as it does for nothing that is streamed out.
  double cpu(const Asked& asked, std::string& error) {
    const auto sql = table_sql(asked.question);
    if (!sql) return error = sql.error().to_string(), 0;
    static_cast<void>(database_->execute("DROP TABLE IF EXISTS cpu"));
    const SteadyNs begin = now_steady();
    if (auto made = database_->execute("CREATE TABLE cpu AS " + *sql); !made)
      return error = made.error().to_string(), 0;
    return ms_since(begin);
  }

  bool one(const Kind& kind, std::uint64_t rows, const Asked& asked) {
    std::string cpu_error, gpu_error, differing = "null";
    double cpu_ms = 0, gpu_ms = 0;
    Last& last = last_[asked.name];
    const auto size = static_cast<double>(rows);
    if (last.cpu_ms * size / last.rows < limit_ms_) last.cpu_ms = cpu_ms = cpu(asked, cpu_error);
    Result<TableRun> run = fail(ErrorCode::unavailable, "");
    if (!version_.empty() && last.gpu_ms * size / last.rows < limit_ms_) {
      const SteadyNs begin = now_steady();
      run = ask_gpu_into(*database_, *database_, asked.question, {});
      last.gpu_ms = gpu_ms = ms_since(begin);
      if (!run) gpu_error = run.error().to_string();
    }
    last.rows = std::max(size, 1.0);
    const bool none = !run && run.error().code == ErrorCode::not_found;  // no rows are nothing to do
    if (run && cpu_ms > 0 && rows <= kCompared) differing = compare(asked, *run);
    fmt::print(
        "{{\"table\":\"{}\",\"rows\":{},\"question\":\"{}\",\"cpu_ms\":{},\"cpu_error\":{},\"gpu_ms\":{},"
        "\"start_ms\":{},"
        "\"read_ms\":{},\"move_ms\":{},\"ask_ms\":{},\"name_ms\":{},\"differing\":{},\"gpu_error\":{}}}\n",
        kind.name, rows, asked.name, number(cpu_ms), quoted(cpu_error), number(run ? gpu_ms : 0),
        number(run ? run->start_ms : 0), number(run ? run->read_ms : 0), number(run ? run->move_ms : 0),
        number(run ? run->ask_ms : 0), number(run ? run->name_ms : 0),
        differing == "null" ? differing : quoted(differing), quoted(gpu_error));
    std::fflush(stdout);
    return none || (gpu_error.empty() && (differing == "null" || differing == "0"));
  }

  std::string compare(const Asked& asked, const TableRun& run) {
    static_cast<void>(database_->execute("DROP TABLE IF EXISTS gpu"));
    if (auto made = database_->execute("CREATE TABLE gpu AS " + run.sql); !made)
      return made.error().to_string();
    return differing_rows(*database_, asked);
  }

  struct Last {
    double cpu_ms = 0, gpu_ms = 0, rows = 1;
  };
  std::unique_ptr<Scratch> database_;
  std::string version_;
  double limit_ms_ = 60'000;
  std::map<std::string, Last> last_;
};

Result<gpu::TableRows> latencies(std::uint64_t rows, bool with_time) {
  auto table = gpu::TableRows::make(with_time, true);
  if (!table) return std::unexpected(table.error());
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(3, 1);
  for (std::uint64_t row = 0; row < rows; ++row) {
    const auto time = static_cast<std::int64_t>(row) * kSecond / 10;
    if (!table->add(latency(random), time, static_cast<std::int32_t>(random() % 1000))) break;
  }
  return table;
}

llt_rapids_question with_quantiles(llt_rapids_question_kind kind) {
  llt_rapids_question question{};
  question.kind = kind;
  question.quantile_count = 5;
  question.window = 3600 * kSecond;
  std::ranges::copy(std::array{0.0, 0.5, 0.95, 0.99, 1.0}, question.quantiles);
  return question;
}

void say_limit(std::uint64_t limit, std::uint64_t rows, std::string_view step, const Result<>& done) {
  fmt::print("{{\"limit_bytes\":{},\"rows\":{},\"step\":\"{}\",\"out_of_memory\":{},\"error\":{}}}\n", limit,
             rows, step, !done && done.error().code == ErrorCode::resource_exhausted,
             quoted(done ? "" : done.error().to_string()));
  std::fflush(stdout);
}

// With 32 MiB nothing of the table fits, with 256 MiB the table does but no work on it, with 4 GiB all.
int limits() {
  constexpr std::uint64_t kRows = 10'000'000;
  auto rows = latencies(kRows, true);
  if (!rows) return fmt::print(stderr, "table_bench: {}\n", rows.error().to_string()), 1;
  for (const std::uint64_t limit :
       {std::uint64_t{32} << 20, std::uint64_t{256} << 20, std::uint64_t{4} << 30}) {
    auto tables = gpu::Tables::open({.visible = {}, .memory_bytes = limit});
    if (!tables) return fmt::print(stderr, "table_bench: {}\n", tables.error().to_string()), 1;
    const auto moved = tables->load(*rows);
    say_limit(limit, kRows, "load", moved);
    if (!moved) continue;
    for (const auto kind : {LLT_RAPIDS_FIGURES, LLT_RAPIDS_ROLLING}) {
      const auto answer = tables->ask(with_quantiles(kind));
      say_limit(limit, kRows, kind == LLT_RAPIDS_FIGURES ? "group" : "rolling",
                answer ? Result<>() : std::unexpected(answer.error()));
    }
  }
  return 0;
}

// Group-bys with quantiles of a table that lies there already, over and over.
Result<std::uint64_t> keep_busy(double seconds, std::uint64_t rows) {
  auto tables = gpu::Tables::open({});
  if (!tables) return std::unexpected(tables.error());
  auto table = latencies(rows, false);
  if (!table) return std::unexpected(table.error());
  if (auto moved = tables->load(*table); !moved) return std::unexpected(moved.error());
  const llt_rapids_question question = with_quantiles(LLT_RAPIDS_FIGURES);
  const SteadyNs begin = now_steady();
  std::uint64_t runs = 0;
  for (; ms_since(begin) < seconds * 1000; ++runs) {
    if (auto answer = tables->ask(question); !answer) return std::unexpected(answer.error());
  }
  return runs;
}

int busy(double seconds, std::uint64_t rows) {
  const auto runs = keep_busy(seconds, rows);
  if (!runs) return fmt::print(stderr, "table_bench: {}\n", runs.error().to_string()), 1;
  fmt::print("{{\"busy_seconds\":{},\"rows\":{},\"runs\":{}}}\n", seconds, rows, *runs);
  return 0;
}

int main_of(int argc, char** argv) {
  if (argc == 4 && argv[1] == std::string_view("--busy"))
    return busy(std::atof(argv[2]), std::strtoull(argv[3], nullptr, 10));
  if (argc == 2 && argv[1] == std::string_view("--limits")) return limits();
  if (argc < 2)
    return fmt::print(stderr,
                      "usage: table_bench ROWS[,ROWS...] [KIND...] | --limits | --busy SECONDS ROWS\n"),
           2;
  auto database =
      Scratch::make({.memory_bytes = std::uint64_t{64} << 30,
                     .threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))});
  if (!database) return fmt::print(stderr, "table_bench: {}\n", database.error().to_string()), 1;
  Bench bench(std::move(*database));
  const std::vector<std::string_view> wanted(argv + 2, argv + argc);
  bool same = true;
  for (const char* size = argv[1]; size != nullptr;
       size = std::strchr(size, ',') ? std::strchr(size, ',') + 1 : nullptr) {
    for (const Kind& kind : kKinds) {
      if (wanted.empty() || std::ranges::find(wanted, kind.name) != wanted.end())
        same = bench.run(kind, std::strtoull(size, nullptr, 10)) && same;
    }
  }
  return same ? 0 : 1;
}

}  // namespace
}  // namespace llt::analytics

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == llt::analytics::gpu::kWorkerArgument) return llt::analytics::gpu::run_worker();
  return llt::analytics::main_of(argc, argv);
}
