#include "analytics/table_on_gpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analytics/gpu/gpu_tables.h"
#include "base/clock.h"
#include "store/arrow_rows.h"

namespace llt::analytics {
namespace {

using enum TableOperation;
using gpu::TableAnswer;
using gpu::TableRows;

constexpr int kReadTimeoutMs = 300'000;
constexpr std::size_t kFirstQuantiles = 2;  // of `group` and `buckets`: min and max are the quantiles 0 and 1

double ms_since(SteadyNs begin) { return static_cast<double>(now_steady() - begin) / 1e6; }

/// The rows of a question, and what the codes of their keys stand for.
struct Read {
  TableRows rows;
  std::vector<std::vector<std::optional<std::string>>> keys;  ///< by key, then by code
  std::vector<std::string> types;
};

std::unexpected<Error> not_as_asked() {
  return fail(ErrorCode::data_loss, "the store gave other rows than were asked for");
}

Result<> take_key(Read& read, const store::ArrowBatch& batch, std::size_t row) {
  const auto code = static_cast<std::size_t>(-1 - std::int64_t{batch.small_numbers(2)[row]});
  const auto at = static_cast<std::uint64_t>(batch.numbers(1)[row]);
  std::optional<std::string> text;
  if (!batch.is_null(3, row)) text = batch.text(3, row);
  if (at >= 2 * read.keys.size()) return not_as_asked();
  if (at >= read.keys.size()) {
    read.types[at - read.keys.size()] = text.value_or("VARCHAR");
    return {};
  }
  auto& texts = read.keys[at];
  if (code >= texts.size()) texts.resize(code + 1);
  texts[code] = std::move(text);
  return {};
}

Result<> take_rows(Read& read, const store::ArrowBatch& batch) {
  const auto values = batch.reals(0);
  const auto times = batch.numbers(1);
  const auto codes = batch.small_numbers(2);
  for (std::size_t row = 0; row < batch.size(); ++row) {
    if (batch.is_null(2, row)) return not_as_asked();
    if (codes[row] < 0) {
      if (auto taken = take_key(read, batch, row); !taken) return taken;
      continue;
    }
    const auto value = batch.is_null(0, row) ? std::nullopt : std::optional(values[row]);
    const auto time = batch.is_null(1, row) ? std::nullopt : std::optional(times[row]);
    if (!read.rows.add(value, time, codes[row]))
      return fail(ErrorCode::resource_exhausted, "the GPU takes at most 2 147 483 647 rows",
                  "leave some out with --where");
  }
  return {};
}

Result<Read> read_rows(store::Reader& reader, const TableQuestion& question) {
  auto rows = TableRows::make(needs_time(question.operation), !question.by.empty());
  if (!rows) return std::unexpected(rows.error());
  Read read{std::move(*rows), {}, {}};
  read.keys.resize(question.by.size());
  read.types.resize(question.by.size());
  using enum store::ArrowColumn;
  auto stream =
      store::ArrowRows::make({real, number, small_number, text},
                             [&](const store::ArrowBatch& batch) { return take_rows(read, batch); });
  if (!stream) return std::unexpected(stream.error());
  Result<> taken;
  const auto done = reader.query(table_rows_sql(question), store::Format::arrow,
                                 {.timeout_ms = kReadTimeoutMs}, [&](std::string_view piece) {
                                   taken = (*stream)->take(piece);
                                   return taken.has_value();
                                 });
  if (!taken) return std::unexpected(taken.error());
  if (!done) return std::unexpected(done.error());
  if (auto whole = (*stream)->end(); !whole) return std::unexpected(whole.error());
  return read;
}

Result<llt_rapids_question> question_for_gpu(const TableQuestion& question, const TableRows& rows) {
  llt_rapids_question out{};
  std::vector<double> quantiles = question.quantiles;
  if (question.operation == group || question.operation == buckets)
    quantiles.insert(quantiles.begin(), {0.0, 1.0});
  if (quantiles.size() > LLT_RAPIDS_QUANTILES)
    return fail(ErrorCode::invalid_argument, "the GPU gives at most 62 quantiles at once",
                "ask for fewer, or --backend cpu");
  if (question.bins > 1'000'000)
    return fail(ErrorCode::invalid_argument, "the GPU fills at most 1 000 000 bins",
                "ask for fewer, or --backend cpu");
  const std::int64_t back = question.operation == buckets ? question.every_ns : question.window_ns;
  if (rows.first_time() < std::numeric_limits<std::int64_t>::min() + back)
    return fail(ErrorCode::invalid_argument, "a time is too near the smallest number there is",
                "leave it out with --where");
  constexpr llt_rapids_question_kind kKinds[] = {LLT_RAPIDS_FIGURES, LLT_RAPIDS_BINS, LLT_RAPIDS_BUCKETS,
                                                 LLT_RAPIDS_ROLLING, LLT_RAPIDS_OUTLIERS};
  out.kind = kKinds[static_cast<std::size_t>(question.operation)];
  out.bins = question.bins;
  out.least = question.least;
  out.every = question.every_ns;
  out.window = question.window_ns;
  out.threshold = question.threshold;
  out.quantile_count = static_cast<std::uint32_t>(quantiles.size());
  std::ranges::copy(quantiles, out.quantiles);
  return out;
}

std::string quantile_columns(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += fmt::format(", q{} DOUBLE", i);
  return list;
}

// The columns of `answer`: those that the plugin gives (rapids_abi.h), behind those that are the program's
// own.
std::string answer_columns(const TableQuestion& question) {
  const std::string figures = "\"rows\" BIGINT, count BIGINT, sum DOUBLE, min DOUBLE, max DOUBLE" +
                              quantile_columns(question.quantiles.size());
  switch (question.operation) {
    case group:
      return "code BIGINT, " + figures;
    case buckets:
      return "code BIGINT, \"time\" BIGINT, " + figures;
    case histogram:
      return "code BIGINT, bin BIGINT, count BIGINT, low DOUBLE, high DOUBLE";
    case rolling:
      return "code BIGINT, t BIGINT, v DOUBLE, count BIGINT" + quantile_columns(question.quantiles.size());
    case anomalies:
      break;
  }
  return "code BIGINT, t BIGINT, v DOUBLE, median DOUBLE, mad DOUBLE, count BIGINT";
}

/// Of rows of the table, what the plugin need not send back.
struct OwnColumns {
  std::vector<std::int64_t> codes, times;
  std::vector<double> values;
  std::vector<std::uint64_t> known_times, known_values;

  void add(const TableRows& rows, std::uint64_t row) {
    const std::size_t at = codes.size();
    if (at % 64 == 0) {
      known_times.push_back(0);
      known_values.push_back(0);
    }
    const auto time = rows.time(row);
    const auto value = rows.value(row);
    codes.push_back(rows.key(row));
    times.push_back(time.value_or(0));
    values.push_back(value.value_or(0));
    if (time) known_times.back() |= std::uint64_t{1} << (at % 64);
    if (value) known_values.back() |= std::uint64_t{1} << (at % 64);
  }
};

Result<OwnColumns> own_columns(const TableQuestion& question, const TableRows& rows,
                               const TableAnswer& answer) {
  OwnColumns own;
  if (question.operation == rolling) {
    if (answer.rows != rows.shape().rows)
      return fail(ErrorCode::internal, "the GPU worker answered for other rows than it got");
    for (std::uint64_t row = 0; row < answer.rows; ++row) own.add(rows, row);
  }
  if (question.operation == anomalies) {
    for (const std::int64_t row : answer.values<std::int64_t>(0)) {
      if (row < 0 || static_cast<std::uint64_t>(row) >= rows.shape().rows)
        return fail(ErrorCode::internal, "the GPU worker answered for a row that it did not get");
      own.add(rows, static_cast<std::uint64_t>(row));
    }
  }
  return own;
}

Result<> fill_answer(store::Scratch& scratch, const TableQuestion& question, const TableRows& rows,
                     const TableAnswer& answer) {
  const bool by_row = question.operation == rolling || question.operation == anomalies;
  const auto own = own_columns(question, rows, answer);
  if (!own) return std::unexpected(own.error());
  std::vector<store::ScratchColumn> columns;
  if (by_row)
    columns = {{own->codes.data()},
               {own->times.data(), own->known_times.data()},
               {own->values.data(), own->known_values.data()}};
  for (std::uint64_t i = question.operation == anomalies ? 1 : 0; i < answer.columns; ++i)
    columns.push_back({answer.values<std::int64_t>(i).data(), answer.known(i)});
  if (auto made = scratch.execute("CREATE OR REPLACE TABLE answer (" + answer_columns(question) + ")"); !made)
    return made;
  return scratch.append("answer", columns, answer.rows);
}

Result<> fill_keys(store::Scratch& scratch, const Read& read) {
  std::string columns = "code BIGINT";
  for (std::size_t i = 0; i < read.keys.size(); ++i) columns += fmt::format(", k{} VARCHAR", i);
  if (auto made = scratch.execute("CREATE OR REPLACE TABLE keys (" + columns + ")"); !made) return made;
  return scratch.append_texts("keys", read.keys);
}

std::size_t expected_columns(const TableQuestion& question) {
  switch (question.operation) {
    case group:
      return 4 + kFirstQuantiles + question.quantiles.size();
    case buckets:
      return 5 + kFirstQuantiles + question.quantiles.size();
    case histogram:
      return 5;
    case rolling:
      return 1 + question.quantiles.size();
    case anomalies:
      break;
  }
  return 4;
}

}  // namespace

bool size_decides(const TableQuestion& question) {
  return question.operation == rolling || question.operation == anomalies ||
         (question.operation == group && question.by.empty());
}

// Measured on an H100 beside 16 cores and an H200 beside 32 (docs/performance.md), the worker's start
// counted. DuckDB looks at all of a window again for each row's MAD, but keeps a window's quantiles from one
// row to the next: there the GPU gains only where windows are not long. One group's quantiles are one
// thread's work to DuckDB; other sums, counts and bins cost it less than it costs to hand their rows over.
TableChoice choose_table(const TableQuestion& question, double rows, double window_rows) {
  constexpr double kAnomalies = 30e6, kRolling = 2e6, kLong = 300, kOneGroup = 20e6;
  if (!size_decides(question)) return {false, "this is left to the CPU at any size"};
  const double each = rows > 0 ? window_rows / rows : 0;
  const bool gpu = question.operation == anomalies ? window_rows >= kAnomalies
                   : question.operation == rolling ? rows >= kRolling && each <= kLong
                                                   : rows >= kOneGroup;
  return {gpu, fmt::format("a table of this size is quicker on the {}", gpu ? "GPU" : "CPU")};
}

Result<TableRun> ask_gpu_into(store::Scratch& scratch, gpu::Tables& tables, store::Reader& reader,
                              const TableQuestion& question) {
  TableRun run;
  SteadyNs begin = now_steady();
  const auto lap = [&](double& ms) {
    ms = ms_since(begin);
    begin = now_steady();
  };
  run.version = tables.version();
  const auto read = read_rows(reader, question);
  if (!read) return std::unexpected(read.error());
  run.table_rows = read->rows.shape().rows;
  if (run.table_rows == 0) return fail(ErrorCode::not_found, std::string(kNoRows));
  const auto asked = question_for_gpu(question, read->rows);
  if (!asked) return std::unexpected(asked.error());
  lap(run.read_ms);
  if (auto moved = tables.load(read->rows); !moved) return std::unexpected(moved.error());
  lap(run.move_ms);
  const auto answer = tables.ask(*asked);
  if (!answer) return std::unexpected(answer.error());
  if (answer->columns != expected_columns(question))
    return fail(ErrorCode::internal, "the GPU worker answered with other columns than were asked for");
  lap(run.ask_ms);
  if (auto filled = fill_answer(scratch, question, read->rows, *answer); !filled)
    return std::unexpected(filled.error());
  if (auto filled = fill_keys(scratch, *read); !filled) return std::unexpected(filled.error());
  lap(run.name_ms);
  run.sql = table_answer_sql(question, read->types);
  return run;
}

Result<TableRun> ask_gpu(store::Reader& reader, const TableQuestion& question, const GpuOptions& gpu,
                         const store::ReaderOptions& limits) {
  auto tables = gpu::Tables::open(gpu);
  if (!tables) return std::unexpected(tables.error());
  auto scratch = store::Scratch::make(limits);
  if (!scratch) return std::unexpected(scratch.error());
  auto run = ask_gpu_into(**scratch, *tables, reader, question);
  if (run) run->rows = std::move(*scratch);
  return run;
}

}  // namespace llt::analytics
