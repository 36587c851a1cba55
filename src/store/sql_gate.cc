#include "store/sql_gate.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/ascii.h"
#include "store/database.h"

namespace llt::store {
namespace {

namespace dom = simdjson::dom;

/// Table functions that only make rows or describe the database. Every other one is refused: some read
/// files, some change the instance, and query() would run SQL that nobody has checked.
constexpr std::array<std::string_view, 24> kTableFunctions{"duckdb_columns",
                                                           "duckdb_constraints",
                                                           "duckdb_databases",
                                                           "duckdb_functions",
                                                           "duckdb_indexes",
                                                           "duckdb_keywords",
                                                           "duckdb_memory",
                                                           "duckdb_schemas",
                                                           "duckdb_sequences",
                                                           "duckdb_tables",
                                                           "duckdb_types",
                                                           "duckdb_views",
                                                           "generate_series",
                                                           "histogram",
                                                           "histogram_values",
                                                           "json_each",
                                                           "json_tree",
                                                           "pragma_database_size",
                                                           "pragma_storage_info",
                                                           "pragma_table_info",
                                                           "pragma_version",
                                                           "range",
                                                           "repeat",
                                                           "unnest"};

/// Functions in expressions that have an effect beyond their value.
constexpr std::array<std::string_view, 6> kForbiddenFunctions{
    "write_log", "nextval", "setseed", "getenv", "set_config", "json_execute_serialized_sql"};

Result<> check_function(const dom::object& node, std::string_view type) {
  std::string_view name;
  if (type == "TABLE_FUNCTION") {
    const bool named = node["function"]["function_name"].get(name) == simdjson::SUCCESS;
    if (named && std::ranges::find(kTableFunctions, lower(name)) != kTableFunctions.end()) return {};
    return fail(ErrorCode::permission_denied,
                fmt::format("the table function {}() is not available in queries", name),
                "queries read the store only");
  }
  if (type == "BASE_TABLE" && node["table_name"].get(name) == simdjson::SUCCESS &&
      name.find_first_of("./\\:*?") != std::string_view::npos) {
    return fail(ErrorCode::permission_denied, fmt::format("files cannot be read: {}", name),
                "queries read the store only");
  }
  if (type == "FUNCTION" && node["function_name"].get(name) == simdjson::SUCCESS &&
      std::ranges::find(kForbiddenFunctions, lower(name)) != kForbiddenFunctions.end()) {
    return fail(ErrorCode::permission_denied,
                fmt::format("the function {}() is not available in queries", name));
  }
  return {};
}

// DuckDB's planner cannot be interrupted, and takes time that grows fast with nesting: 20 scalar subqueries
// inside each other take a second, 40 never end. An operator adds 2 to the depth of the tree, a subquery 6.
constexpr int kMaxTreeDepth = 260;
constexpr int kMaxSubqueries = 10;
// Its parser does the same with WITH inside WITH: 8 take 0.4 seconds, 10 take 4. Counted before parsing and
// wherever the word stands; one WITH can name any number of tables.
constexpr int kMaxWithWords = 8;

struct Depth {
  int tree = 0;
  int subqueries = 0;
};

Result<> check_tree(const dom::element& node, Depth depth) {
  dom::array items;
  dom::object members;
  if (++depth.tree > kMaxTreeDepth)
    return fail(ErrorCode::resource_exhausted, "the SQL is too deeply nested");
  if (node.get(items) == simdjson::SUCCESS) {
    for (const dom::element item : items) {
      if (auto fine = check_tree(item, depth); !fine) return fine;
    }
  } else if (node.get(members) == simdjson::SUCCESS) {
    std::string_view text;
    if (members["class"].get(text) == simdjson::SUCCESS && text == "SUBQUERY" &&
        ++depth.subqueries > kMaxSubqueries) {
      return fail(ErrorCode::resource_exhausted,
                  fmt::format("more than {} subqueries stand inside each other", kMaxSubqueries));
    }
    if (members["type"].get(text) == simdjson::SUCCESS) {
      if (auto fine = check_function(members, text); !fine) return fine;
    }
    for (const auto [key, value] : members) {
      if (auto fine = check_tree(value, depth); !fine) return fine;
    }
  }
  return {};
}

/// The parse tree as JSON. DuckDB gives one for SELECT statements only (DESCRIBE, SHOW and SUMMARIZE are
/// such to it), and says what is wrong otherwise.
Result<std::string> parse_tree(duckdb_connection connection, std::string_view sql) {
  Prepared statement;
  ResultSet result;
  if (duckdb_prepare(connection, "SELECT CAST(json_serialize_sql($1::VARCHAR) AS VARCHAR)",
                     statement.out()) != DuckDBSuccess ||
      duckdb_bind_varchar_length(statement.get(), 1, sql.data(), sql.size()) != DuckDBSuccess ||
      duckdb_execute_prepared(statement.get(), result.out()) != DuckDBSuccess) {
    const char* message = duckdb_result_error(result.out());
    return fail(ErrorCode::invalid_argument, message == nullptr ? "the SQL cannot be parsed" : message);
  }
  const DataChunk chunk{duckdb_fetch_chunk(result.get())};
  if (!chunk || duckdb_data_chunk_get_size(chunk.get()) != 1) {
    return fail(ErrorCode::invalid_argument, "the SQL cannot be parsed");
  }
  const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), 0);
  if (!valid_at(vector, 0)) return fail(ErrorCode::invalid_argument, "the SQL cannot be parsed");
  return std::string(string_at(vector, 0));
}

Result<> check_select(duckdb_connection connection, std::string_view sql) {
  const auto tree = parse_tree(connection, sql);
  if (!tree) return std::unexpected(tree.error());
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(*tree).get(root); error != simdjson::SUCCESS) {
    return fail(ErrorCode::resource_exhausted, "the SQL is too deeply nested");
  }
  bool has_error = true;
  if (root["error"].get(has_error) != simdjson::SUCCESS || has_error) {
    std::string_view type, message;
    if (root["error_type"].get(type) != simdjson::SUCCESS ||
        root["error_message"].get(message) != simdjson::SUCCESS) {
      message = "the SQL cannot be parsed";
    }
    if (type == "not implemented") {
      return fail(ErrorCode::invalid_argument, "only a statement that reads can be run",
                  "SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW TABLES, SUMMARIZE or EXPLAIN");
    }
    return fail(ErrorCode::invalid_argument, std::string(message));
  }
  dom::array statements;
  if (root["statements"].get(statements) != simdjson::SUCCESS || statements.size() != 1) {
    return fail(ErrorCode::invalid_argument, "exactly one SQL statement is expected");
  }
  return check_tree(root, {});
}

/// Skips white space and comments.
std::string_view skip_blank(std::string_view sql) {
  for (;;) {
    while (!sql.empty() && std::isspace(static_cast<unsigned char>(sql.front())) != 0) sql.remove_prefix(1);
    if (sql.starts_with("--")) {
      sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
    } else if (sql.starts_with("/*")) {
      const auto end = sql.find("*/", 2);
      sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 2);
    } else {
      return sql;
    }
  }
}

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

int count_word(std::string_view sql, std::string_view word) {
  const std::string text = lower(sql);
  int count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool whole =
        (at == 0 || !is_word_char(text[at - 1])) && (end == text.size() || !is_word_char(text[end]));
    count += whole ? 1 : 0;
  }
  return count;
}

bool take_word(std::string_view& sql, std::string_view word) {
  const std::string_view rest = skip_blank(sql);
  if (rest.size() < word.size() || lower(rest.substr(0, word.size())) != word) return false;
  const bool ends = rest.size() == word.size() || !is_word_char(rest[word.size()]);
  if (ends) sql = rest.substr(word.size());
  return ends;
}

}  // namespace

Result<ReadOnlySql> check_sql(duckdb_connection connection, std::string_view sql) {
  if (sql.size() > kMaxSqlBytes) {
    return fail(ErrorCode::resource_exhausted, fmt::format("the SQL is longer than {} bytes", kMaxSqlBytes));
  }
  if (sql.find('\0') != std::string_view::npos || !simdjson::validate_utf8(sql.data(), sql.size())) {
    return fail(ErrorCode::invalid_argument, "the SQL is not valid UTF-8 text");
  }
  if (count_word(sql, "with") > kMaxWithWords) {
    return fail(ErrorCode::resource_exhausted, fmt::format("the SQL has more than {} WITH", kMaxWithWords),
                "one WITH can name several tables");
  }
  ReadOnlySql checked{std::string(sql), false};
  std::string_view body = sql;
  if (take_word(body, "explain")) {
    checked.is_explain = true;
    take_word(body, "analyze");
  }
  if (skip_blank(body).empty())
    return fail(ErrorCode::invalid_argument, "exactly one SQL statement is expected");
  if (auto fine = check_select(connection, body); !fine) return std::unexpected(fine.error());
  return checked;
}

}  // namespace llt::store
