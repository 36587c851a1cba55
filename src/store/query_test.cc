// What queries give, in each format, and where they stop.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "store/sql_gate.h"
#include "store/test_support.h"

namespace llt::store {
namespace {

using testing::ask;
using testing::keep_all;
using testing::must_open;
using testing::TempDir;

class Query : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TempDir;
    store_ = must_open(dir_->path(), keep_all()).release();
  }
  static void TearDownTestSuite() {
    delete store_;
    delete dir_;
  }

  static std::string get(std::string_view sql, Format format, const QueryLimits& limits = {}) {
    auto text = store_->query_text(sql, format, limits);
    return text ? *text : "error: " + text.error().message;
  }
  static ErrorCode error_of(std::string_view sql, Format format = Format::csv,
                            const QueryLimits& limits = {}) {
    auto text = store_->query_text(sql, format, limits);
    EXPECT_FALSE(text) << *text;
    return text ? ErrorCode::internal : text.error().code;
  }

  static inline TempDir* dir_ = nullptr;
  static inline Store* store_ = nullptr;
};

TEST_F(Query, JsonOfPlainTypes) {
  EXPECT_EQ(get("SELECT 1 AS a, true AS b, 'x\"\\\n\t' || chr(1) AS c, NULL AS d, 1.50::DECIMAL(9,2) AS e, "
                "0.1::DOUBLE AS f",
                Format::json),
            "[\n{\"a\":1,\"b\":true,\"c\":\"x\\\"\\\\\\n\\t\\u0001\",\"d\":null,\"e\":1.50,\"f\":0.1}\n]\n");
  EXPECT_EQ(
      get("SELECT 170141183460469231731687303715884105727::HUGEINT AS h, 18446744073709551615::UBIGINT AS u, "
          "(-128)::TINYINT AS t",
          Format::json),
      "[\n{\"h\":170141183460469231731687303715884105727,\"u\":18446744073709551615,\"t\":-128}\n]\n");
  EXPECT_EQ(get("SELECT 1 WHERE false", Format::json), "[]\n");
}

TEST_F(Query, JsonHasNoNan) {
  EXPECT_EQ(get("SELECT 'nan'::DOUBLE AS a, 'inf'::FLOAT AS b, '-inf'::DOUBLE AS c, 1e300 AS d, "
                "['nan'::DOUBLE, '-inf'::DOUBLE, 2.5] AS e, 'NaN' AS f, ['NaN', 'a\"Infinity'] AS g, "
                "MAP {'NaN': 'nan'::FLOAT} AS h",
                Format::json),
            "[\n{\"a\":null,\"b\":null,\"c\":null,\"d\":1e+300,\"e\":[null,null,2.5],\"f\":\"NaN\","
            "\"g\":[\"NaN\",\"a\\\"Infinity\"],\"h\":{\"NaN\":null}}\n]\n");
}

TEST_F(Query, JsonOfNestedTypes) {
  EXPECT_EQ(
      get("SELECT [1, NULL, 3] AS l, {'a': 1, 'b': {'c': 'x'}} AS s, MAP {'k': [1]} AS m, "
          "[TIMESTAMP '2024-02-29 12:00:00.5'] AS ts, [1, 2]::INTEGER[2] AS ar, '{\"j\": [1,]}'::JSON AS j",
          Format::json),
      "[\n{\"l\":[1,null,3],\"s\":{\"a\":1,\"b\":{\"c\":\"x\"}},\"m\":{\"k\":[1]},"
      "\"ts\":[\"2024-02-29 12:00:00.5\"],\"ar\":[1,2],\"j\":{\"j\":[1]}}\n]\n");
}

TEST_F(Query, JsonOfOtherTypes) {
  EXPECT_EQ(
      get("SELECT TIMESTAMP '2024-02-29 12:00:00' AS t, DATE '2024-02-29' AS d, INTERVAL 3 DAY AS i, "
          "'\\xAA\\x00b'::BLOB AS b, '0f0e0d0c-0000-0000-0000-000000000001'::UUID AS u, 'x'::ENUM('x','y') "
          "AS e, "
          "make_timestamp_ns(1700000000123456789) AS n",
          Format::json),
      "[\n{\"t\":\"2024-02-29 12:00:00\",\"d\":\"2024-02-29\",\"i\":\"3 days\",\"b\":\"\\\\xAA\\\\x00b\","
      "\"u\":\"0f0e0d0c-0000-0000-0000-000000000001\",\"e\":\"x\",\"n\":\"2023-11-14 "
      "22:13:20.123456789\"}\n]\n");
}

TEST_F(Query, ColumnsOfTheSameName) {
  EXPECT_EQ(get("SELECT 1 AS a, 2 AS a, 'x' AS \"q\"\"uote,\"", Format::csv),
            "a,a,\"q\"\"uote,\"\r\n1,2,x\r\n");
}

TEST_F(Query, CsvQuotesAsRfc4180) {
  EXPECT_EQ(
      get("SELECT 'a,b' AS x, 'say \"hi\"' AS y, E'two\\r\\nlines' AS z, '' AS empty, NULL AS n, [1,2] AS l",
          Format::csv),
      "x,y,z,empty,n,l\r\n\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\",\"\",,\"[1, 2]\"\r\n");
  EXPECT_EQ(get("SELECT 1 AS a WHERE false", Format::csv), "a\r\n");
}

TEST_F(Query, TableIsAligned) {
  EXPECT_EQ(get("SELECT * FROM (VALUES ('größe', 1, NULL), (E'a\\nb', 12345, 'x')) t(name, n, note)",
                Format::table),
            "name       n  note\n"
            "-----  -----  ----\n"
            "größe      1  NULL\n"
            "a\\nb   12345  x\n");
}

TEST_F(Query, KeepsOrderAndLimits) {
  EXPECT_EQ(get("SELECT range AS r FROM range(5) ORDER BY r DESC", Format::csv),
            "r\r\n4\r\n3\r\n2\r\n1\r\n0\r\n");
  std::string text;
  const auto info = store_->query("FROM range(100000) ORDER BY 1 DESC", Format::csv, {.max_rows = 3},
                                  [&](std::string_view piece) {
                                    text += piece;
                                    return true;
                                  });
  ASSERT_TRUE(info);
  EXPECT_EQ(text, "range\r\n99999\r\n99998\r\n99997\r\n");
  EXPECT_TRUE(info->truncated);
  EXPECT_EQ(info->rows, 3u);
  EXPECT_EQ(info->bytes, text.size());
  const auto all =
      store_->query("FROM range(3)", Format::csv, {.max_rows = 3}, [](std::string_view) { return true; });
  EXPECT_FALSE(all->truncated);
}

TEST_F(Query, ReadingStatementsOfAllKinds) {
  for (const char* sql : {"SELECT 1", "  select 1 ;  -- done", "WITH a AS (SELECT 1) SELECT * FROM a",
                          "FROM range(3)", "VALUES (1), (2)", "TABLE losses", "DESCRIBE requests",
                          "DESCRIBE SELECT 1", "SHOW TABLES", "SHOW ALL TABLES", "SUMMARIZE requests",
                          "EXPLAIN SELECT * FROM requests", "EXPLAIN ANALYZE SELECT count(*) FROM requests",
                          "/* c */ SELECT 1", "(SELECT 1)", "SELECT * FROM duckdb_columns()",
                          "SELECT * FROM information_schema.tables", "SELECT unnest([1,2])", "SELECT 1; ;"}) {
    for (const Format format : {Format::json, Format::csv, Format::table}) {
      const auto text = store_->query_text(sql, format);
      EXPECT_TRUE(text) << sql << ": " << (text ? "" : text.error().message);
      EXPECT_FALSE(!text || text->empty()) << sql;
    }
  }
}

TEST_F(Query, ErrorsSpeakOfTheUsersText) {
  EXPECT_EQ(get("SELECT nothing FROM requests", Format::csv).substr(0, 50),
            "error: Binder Error: Referenced column \"nothing\" n");
  EXPECT_NE(get("SELEC 1", Format::csv).find("syntax error at or near \"SELEC\""), std::string::npos);
  EXPECT_EQ(error_of(""), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(" -- nothing"), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of("SELECT 1; SELECT 2"), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of("SELECT $1"), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of("SELECT ?"), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(std::string("SELECT 1\0", 9)), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of("SELECT '\xff'"), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of("SELECT " + std::string(kMaxSqlBytes, '1')), ErrorCode::resource_exhausted);
  EXPECT_EQ(error_of("SELECT 1/0, error('mine')"), ErrorCode::invalid_argument);
}

TEST_F(Query, StopsAtTheTimeLimit) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(
      error_of("SELECT count(*) FROM range(10000000000) a, range(1000000) b WHERE a.range + b.range = 7",
               Format::csv, {.timeout_ms = 200}),
      ErrorCode::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(ask(*store_, "SELECT 1"), "1");
}

TEST_F(Query, StopsAtTheMemoryLimit) {
  const TempDir dir;
  Options options = keep_all();
  options.memory_bytes = 64 * 1024 * 1024;
  auto store = must_open(dir.path(), options);
  auto text = store->query_text("SELECT list(range) FROM range(100000000)", Format::csv);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::resource_exhausted) << text.error().message;
  EXPECT_EQ(ask(*store, "SELECT 1"), "1");
}

std::int64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoll(line.substr(6));
  }
  return 0;
}

TEST_F(Query, TenMillionRowsStream) {
  const auto before = resident_kib();
  std::int64_t most = 0;
  std::uint64_t bytes = 0;
  std::size_t largest = 0;
  const auto info = store_->query("SELECT range AS r, 'some text of a row' AS t FROM range(10000000)",
                                  Format::json, {.timeout_ms = 0}, [&](std::string_view piece) {
                                    bytes += piece.size();
                                    largest = std::max(largest, piece.size());
                                    if (bytes % 64 == 0) most = std::max(most, resident_kib());
                                    return true;
                                  });
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->rows, 10'000'000u);
  EXPECT_GT(bytes, 300'000'000u);
  EXPECT_LT(largest, 2u * 1024 * 1024);
#ifdef __SANITIZE_ADDRESS__
  constexpr std::int64_t kQuarantineKib = 512 * 1024;  // freed memory that the sanitizer holds back
#else
  constexpr std::int64_t kQuarantineKib = 0;
#endif
  EXPECT_LT(most - before, 200 * 1024 + kQuarantineKib);
}

TEST_F(Query, ReaderThatGoesAwayEndsTheQuery) {
  int pieces = 0;
  const auto info = store_->query("FROM range(1000000000)", Format::csv, {},
                                  [&](std::string_view) { return ++pieces < 3; });
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::unavailable);
  EXPECT_EQ(pieces, 3);
}

TEST_F(Query, ParquetComesOutAndLeavesNothingBehind) {
  const std::string file =
      get("SELECT range AS id, 'x' || range AS name, range AS id FROM range(5000)", Format::parquet);
  ASSERT_EQ(file.substr(0, 4), "PAR1") << file.substr(0, 200);
  EXPECT_EQ(file.substr(file.size() - 4), "PAR1");
  EXPECT_EQ(get("SELECT 1 AS one WHERE false", Format::parquet).substr(0, 4), "PAR1");
  std::error_code ignored;
  EXPECT_TRUE(!std::filesystem::exists(dir_->path() / "tmp") ||
              std::filesystem::is_empty(dir_->path() / "tmp", ignored));
  EXPECT_EQ(error_of("EXPLAIN SELECT 1", Format::parquet), ErrorCode::invalid_argument);
}

#ifdef LLT_HAVE_NANOARROW
TEST_F(Query, ArrowIsAnIpcStream) {
  const std::string stream =
      get("SELECT range AS id, 'x' || range AS name, range::HUGEINT AS h, 'a'::ENUM('a','b') AS e, "
          "[range] AS l, MAP {'k': range} AS m, {'a': NULL::INT} AS s, TIMESTAMP '2024-01-01' AS t, "
          "'\\x00'::BLOB AS b, '{}'::JSON AS j, 1.5::DECIMAL(9,1) AS d, NULL AS n, "
          "INTERVAL 1 DAY AS i FROM range(5000)",
          Format::arrow);
  const std::string mark("\xff\xff\xff\xff", 4);
  ASSERT_EQ(stream.substr(0, 4), mark) << stream.substr(0, 300);
  EXPECT_EQ(stream.substr(stream.size() - 8), mark + std::string(4, '\0'));
  EXPECT_EQ(get("SELECT 1 AS one WHERE false", Format::arrow).substr(0, 4), mark);
  EXPECT_EQ(get("EXPLAIN SELECT 1", Format::arrow).substr(0, 4), mark);
}
#endif

TEST_F(Query, WorksOnADirectoryThatNobodyServes) {
  const TempDir dir;
  {
    auto store = must_open(dir.path(), keep_all());
    store->append(testing::request(5));
  }
  auto reader = open_read_only(dir.path());
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(ask(**reader, "SELECT request_id FROM requests"), "r5");
  EXPECT_EQ(reader->get()->query_text("FROM requests", Format::parquet)->substr(0, 4), "PAR1");
  EXPECT_EQ(ask(**reader, "DELETE FROM requests"), "error: only a statement that reads can be run");
  auto second = open_read_only(dir.path());
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(ask(**second, "SELECT count(*) FROM requests"), "1");
}

}  // namespace
}  // namespace llt::store
