#include "store/edge_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/sql_literal.h"
#include "base/utf8.h"
#include "store/database.h"
#include "store/handles.h"
#include "store/row_stream.h"

namespace llt::store {
namespace {

constexpr std::size_t kLongestHeader = 64 * 1024;
constexpr std::size_t kShownRejects = 5;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

using Db = Owned<duckdb_database, duckdb_close>;

/// The open file. DuckDB gets it by its descriptor, so that no character of its name has a meaning to DuckDB.
class OpenFile {
 public:
  static Result<OpenFile> open(const std::filesystem::path& path) {
    OpenFile file;
    file.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file.fd_ < 0 || ::fstat(file.fd_, &status) != 0) {
      const int reason = errno;
      return fail(reason == ENOENT ? ErrorCode::not_found : ErrorCode::permission_denied,
                  fmt::format("cannot open {}: {}", path.string(), std::strerror(reason)));
    }
    if (!S_ISREG(status.st_mode)) {
      return fail(ErrorCode::invalid_argument, fmt::format("{} is no regular file", path.string()),
                  "write the edges to a file and name that");
    }
    return file;
  }
  OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] std::string begin(std::size_t bytes) const {
    std::string text(bytes, '\0');
    const ssize_t got = ::pread(fd_, text.data(), bytes, 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  [[nodiscard]] std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }
  [[nodiscard]] std::string sql_path() const { return sql_literal(path()); }

 private:
  OpenFile() = default;
  int fd_ = -1;
};

/// An instance in memory that reaches this one file.
struct Session {
  Db database;
  Connection connection;

  static Result<Session> open(const OpenFile& file) {
    Session session;
    char* reason = nullptr;
    if (duckdb_open_ext(nullptr, session.database.out(), nullptr, &reason) != DuckDBSuccess) {
      Error error{ErrorCode::internal,
                  fmt::format("DuckDB does not start: {}", reason == nullptr ? "?" : reason), ""};
      duckdb_free(reason);
      return std::unexpected(std::move(error));
    }
    if (duckdb_connect(session.database.get(), session.connection.out()) != DuckDBSuccess)
      return fail(ErrorCode::resource_exhausted, "cannot connect to DuckDB");
    const std::string lock = fmt::format(
        "SET autoinstall_known_extensions=false; SET autoload_known_extensions=false; SET "
        "allowed_paths=[{}]; "
        "SET enable_external_access=false; SET lock_configuration=true",
        file.sql_path());
    if (auto locked = execute(session.connection.get(), lock); !locked)
      return std::unexpected(locked.error());
    return session;
  }
};

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

struct Plan {
  std::string sql;
  EdgeFileInfo info;
};

Result<Plan> plan_csv(const OpenFile& file, const std::string& head) {
  std::string_view text = head;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  if (line.empty() || line == "\r" || (end == std::string_view::npos && head.size() == kLongestHeader)) {
    return fail(ErrorCode::invalid_argument, "there is no header line",
                "the first line must name the columns, as in 'src,dst' or 'src,dst,weight'");
  }
  const CsvHeader header = parse_csv_header(line);
  const auto columns = find_edge_columns(header.names);
  if (!columns) return std::unexpected(columns.error());
  std::string types;
  for (std::size_t i = 0; i < header.names.size(); ++i) {
    types += fmt::format("{}'c{}':'{}'", i == 0 ? "" : ",", i, columns->weight == i ? "DOUBLE" : "VARCHAR");
  }
  const std::string weight = columns->weight ? fmt::format(", c{}", *columns->weight) : std::string();
  Plan plan;
  plan.info.weighted = columns->weight.has_value();
  plan.sql = fmt::format(
      "SELECT c{}, c{}{} FROM read_csv({}, auto_detect=false, header=true, delim={}, quote='\"', "
      "escape='\"', "
      "columns={{{}}}, store_rejects=true, rejects_limit=1000, strict_mode=true)",
      columns->source, columns->target, weight, file.sql_path(),
      sql_literal(std::string_view(&header.delimiter, 1)), types);
  return plan;
}

// What DuckDB says of a Parquet file speaks of our query and of the descriptor, which the user has not seen.
std::unexpected<Error> damaged(const OpenFile& file, const Error& said) {
  if (said.code == ErrorCode::resource_exhausted) return std::unexpected(said);
  std::string what = said.message;
  for (const char quote : {'\'', '"'}) {
    const std::string name = std::string(" ") + quote + file.path() + quote;
    if (const std::size_t at = what.find(name); at != std::string::npos) what.erase(at, name.size());
  }
  return fail(ErrorCode::data_loss, "this Parquet file cannot be read: " + readable(what, 200),
              "it is damaged or was not written to its end: write it again");
}

Result<Plan> plan_parquet(const OpenFile& file, duckdb_connection connection) {
  const std::string table = fmt::format("read_parquet({})", file.sql_path());
  const auto columns = first_column(connection, "SELECT column_name FROM (DESCRIBE FROM " + table + ")");
  if (!columns) return damaged(file, columns.error());
  std::vector<std::string> names;
  for (const auto& name : *columns) names.push_back(name.value_or(""));
  const auto found = find_edge_columns(names);
  if (!found) return std::unexpected(found.error());
  const auto types = first_column(connection, "SELECT column_type FROM (DESCRIBE FROM " + table + ")");
  if (!types) return std::unexpected(types.error());
  Plan plan;
  plan.info.weighted = found->weight.has_value();
  plan.info.text_ids = (*types)[found->source] == "VARCHAR" || (*types)[found->target] == "VARCHAR";
  const std::string weight = found->weight
                                 ? fmt::format(", TRY_CAST({} AS DOUBLE)", quoted_name(names[*found->weight]))
                                 : std::string();
  plan.sql = fmt::format("SELECT CAST({} AS VARCHAR), CAST({} AS VARCHAR){} FROM {}",
                         quoted_name(names[found->source]), quoted_name(names[found->target]), weight, table);
  return plan;
}

/// The columns of one chunk as the sink takes them.
class Chunk {
 public:
  EdgeRows read(duckdb_data_chunk chunk, bool weighted) {
    const idx_t size = duckdb_data_chunk_get_size(chunk);
    fill_text(duckdb_data_chunk_get_vector(chunk, 0), size, sources_);
    fill_text(duckdb_data_chunk_get_vector(chunk, 1), size, targets_);
    weights_.clear();
    if (weighted) fill_weights(duckdb_data_chunk_get_vector(chunk, 2), size);
    return {sources_, targets_, weights_};
  }

 private:
  static void fill_text(duckdb_vector vector, idx_t size, std::vector<std::optional<std::string_view>>& out) {
    out.assign(size, std::nullopt);
    for (idx_t row = 0; row < size; ++row) {
      if (valid_at(vector, row)) out[row] = string_at(vector, row);
    }
  }
  void fill_weights(duckdb_vector vector, idx_t size) {
    weights_.assign(size, std::nullopt);
    const auto* values = static_cast<const double*>(duckdb_vector_get_data(vector));
    for (idx_t row = 0; row < size; ++row) {
      if (valid_at(vector, row)) weights_[row] = values[row];
    }
  }

  std::vector<std::optional<std::string_view>> sources_, targets_;
  std::vector<std::optional<double>> weights_;
};

/// Lines that DuckDB could not read, said with their numbers.
Result<> check_rejects(duckdb_connection connection) {
  const auto count = single_integer(connection, "SELECT count(DISTINCT line) FROM reject_errors");
  if (!count) return std::unexpected(count.error());
  if (count->value_or(0) == 0) return {};
  const auto lines = first_column(
      connection,
      fmt::format(
          "SELECT 'line ' || line || ': ' || lower(any_value(error_type)::VARCHAR) || ', it reads: ' || "
          "left(regexp_replace(trim(any_value(csv_line), chr(10) || chr(13)), '[[:cntrl:]]', '?', 'g'), 80) "
          "FROM reject_errors GROUP BY line "
          "ORDER BY line LIMIT {}",
          kShownRejects));
  if (!lines) return std::unexpected(lines.error());
  std::string list;
  for (const auto& line : *lines) list += (list.empty() ? "" : "\n") + line.value_or("");
  return fail(ErrorCode::data_loss, fmt::format("{} line(s) cannot be read as edges", **count), list);
}

/// Reads to the end even when the sink wants no more: only then does DuckDB say which lines it could not
/// read. `refused` gets the sink's error.
Result<> stream(duckdb_connection connection, const Plan& plan, const EdgeSink& sink, Result<>& refused) {
  Prepared statement;
  if (duckdb_prepare(connection, plan.sql.c_str(), statement.out()) != DuckDBSuccess) {
    const char* message = duckdb_prepare_error(statement.get());
    return std::unexpected(
        to_error(DUCKDB_ERROR_IO, message == nullptr ? "the file cannot be read" : message));
  }
  auto result = execute_streaming(statement.get(), "the file cannot be read");
  if (!result) return std::unexpected(result.error());
  Chunk rows;
  while (DataChunk chunk{duckdb_fetch_chunk(result->get())}) {
    if (refused) refused = sink(rows.read(chunk.get(), plan.info.weighted));
  }
  if (const char* message = duckdb_result_error(result->out()); message != nullptr)
    return std::unexpected(to_error(duckdb_result_error_type(result->out()), message));
  return {};
}

Result<EdgeFileInfo> read(const OpenFile& file, const EdgeSink& sink) {
  const auto session = Session::open(file);
  if (!session) return std::unexpected(session.error());
  const duckdb_connection connection = session->connection.get();
  const std::string head = file.begin(kLongestHeader);
  const bool parquet = head.starts_with("PAR1");
  const auto plan = parquet ? plan_parquet(file, connection) : plan_csv(file, head);
  if (!plan) return std::unexpected(plan.error());
  Result<> refused;
  if (auto done = stream(connection, *plan, sink, refused); !done)
    return parquet ? damaged(file, done.error()) : std::unexpected(done.error());
  // A line that cannot be read shifts the count of those behind it: it is what has to be said first.
  if (!parquet) {
    if (auto checked = check_rejects(connection); !checked) return std::unexpected(checked.error());
  }
  if (!refused) return std::unexpected(refused.error());
  return plan->info;
}

}  // namespace

Result<EdgeFileInfo> read_edge_file(const std::filesystem::path& path, const EdgeSink& sink) {
  const auto file = OpenFile::open(path);
  if (!file) return std::unexpected(file.error());
  auto info = read(*file, sink);
  if (!info) info.error().message = path.string() + ": " + info.error().message;
  return info;
}

}  // namespace llt::store
