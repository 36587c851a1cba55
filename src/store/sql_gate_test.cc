// Attempts to get past the read-only rule. Each must be refused, and must have had no effect.

#include "store/sql_gate.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "store/test_support.h"

namespace llt::store {
namespace {

using testing::ask;
using testing::keep_all;
using testing::must_open;
using testing::TempDir;

TEST(SqlGate, RefusesWhatWrites) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  store->append(testing::request(1));
  ASSERT_TRUE(store->flush(5000));
  for (const char* sql : {"DELETE FROM requests",
                          "UPDATE requests SET total_ns = 0",
                          "INSERT INTO meta VALUES ('a', 'b')",
                          "DROP TABLE requests",
                          "CREATE TABLE x(a INT)",
                          "CREATE TEMP TABLE x AS SELECT 1",
                          "CREATE VIEW v AS SELECT 1",
                          "ALTER TABLE requests ADD COLUMN z INT",
                          "TRUNCATE requests",
                          "CREATE MACRO f() AS 1",
                          "CREATE SEQUENCE s",
                          "WITH a AS (SELECT 1) DELETE FROM requests",
                          "WITH a AS (INSERT INTO meta VALUES ('a','b') RETURNING *) SELECT * FROM a",
                          "EXPLAIN ANALYZE DELETE FROM requests",
                          "EXPLAIN DELETE FROM requests",
                          "EXPLAIN ANALYZE WITH a AS (SELECT 1) DELETE FROM requests",
                          "EXPLAIN EXPLAIN ANALYZE DELETE FROM requests",
                          "SELECT 1; DELETE FROM requests",
                          "SELECT 1) ; DELETE FROM requests; --",
                          "SELECT * FROM query('DELETE FROM requests')",
                          "SELECT * FROM query('SELECT 1')",
                          "BEGIN",
                          "COMMIT",
                          "ROLLBACK",
                          "CHECKPOINT",
                          "FORCE CHECKPOINT",
                          "VACUUM",
                          "ANALYZE",
                          "PREPARE p AS SELECT 1",
                          "EXECUTE p",
                          "DEALLOCATE p",
                          "USE memory",
                          "EXPORT DATABASE 'x'",
                          "IMPORT DATABASE 'x'",
                          "CALL pragma_version()",
                          "COMMENT ON TABLE requests IS 'x'",
                          "MERGE INTO meta USING meta m ON true WHEN MATCHED THEN DELETE"}) {
    const auto text = store->query_text(sql, Format::csv);
    EXPECT_FALSE(text) << sql << " gave " << *text;
  }
  EXPECT_EQ(ask(*store, "SELECT count(*), sum(total_ns) FROM requests"), "1,1");
  EXPECT_EQ(ask(*store, "SELECT count(*) FROM meta"), "4");
}

TEST(SqlGate, RefusesFilesNetworkAndSettings) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  const std::string secret = (dir.path() / "secret.csv").string();
  std::ofstream(secret) << "password\nhunter2\n";
  const std::string inside = (dir.path() / "tmp" / "x.csv").string();
  std::filesystem::create_directories(dir.path() / "tmp");
  std::ofstream(inside) << "a\n1\n";
  const std::string target = (dir.path() / "out.csv").string();
  for (const std::string& sql : std::vector<std::string>{
           "SELECT * FROM read_csv('/etc/passwd')",
           "FROM '/etc/passwd'",
           "FROM \"" + secret + "\"",
           "FROM '" + secret + "'",
           "SELECT * FROM READ_CSV_AUTO('" + secret + "')",
           "FROM \"read_csv\"('" + secret + "')",
           "FROM main.read_text('" + secret + "')",
           "FROM system.main.read_text('" + secret + "')",
           "FROM read_blob('" + secret + "')",
           "FROM glob('/*')",
           "FROM read_json('" + secret + "')",
           "FROM read_parquet('" + secret + "')",
           "FROM parquet_scan('" + inside + "')",
           "FROM read_csv('" + inside + "')",
           "FROM '" + inside + "'",
           "FROM sniff_csv('" + secret + "')",
           "FROM parquet_metadata('" + secret + "')",
           "SELECT (SELECT content FROM read_text('" + secret + "'))",
           "WITH a AS (FROM read_text('" + secret + "')) FROM a",
           "SELECT 1 WHERE EXISTS (FROM read_text('" + secret + "'))",
           "DESCRIBE FROM read_csv('" + secret + "')",
           "SUMMARIZE '" + secret + "'",
           "SELECT * FROM losses, LATERAL (FROM read_text('" + secret + "'))",
           "FROM read_csv('https://example.com/x.csv')",
           "FROM 'https://example.com/x.parquet'",
           "COPY losses TO '" + target + "'",
           "COPY (SELECT 1) TO '" + inside + "'",
           "COPY losses FROM '" + secret + "'",
           "ATTACH '" + target + "' AS x",
           "DETACH telemetry",
           "INSTALL httpfs",
           "LOAD httpfs",
           "LOAD '" + secret + "'",
           "SET memory_limit = '100GB'",
           "SET GLOBAL threads = 64",
           "RESET memory_limit",
           "PRAGMA memory_limit = '1GB'",
           "PRAGMA database_list",
           "PRAGMA enable_profiling",
           "SET VARIABLE x = 1",
           "FROM enable_logging()",
           "FROM enable_logging(storage = 'file', storage_path = '" + target + "')",
           "FROM truncate_duckdb_logs()",
           "FROM force_checkpoint()",
           "FROM checkpoint()",
           "FROM arrow_scan(1, 2, 3)",
           "FROM duckdb_secrets()",
           "FROM duckdb_settings()",
           "SELECT getenv('HOME')",
           "SELECT write_log('x')",
           "SELECT nextval('s')",
           "CREATE SECRET s (TYPE s3)",
           "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
           "SELECT * FROM sql_auto_complete('SEL')",
           "SELECT * FROM query_table('losses')",
       }) {
    const auto text = store->query_text(sql, Format::csv);
    EXPECT_FALSE(text) << sql << " gave " << *text;
  }
  EXPECT_FALSE(std::filesystem::exists(target));
  EXPECT_EQ(ask(*store, "SELECT current_setting('memory_limit'), current_setting('enable_external_access')"),
            "512.0 MiB,false");
}

TEST(SqlGate, SaysWhichFunctionIsRefused) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  const auto text = store->query_text("SELECT * FROM Read_Text('/etc/hostname')", Format::csv);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::permission_denied);
  EXPECT_NE(text.error().message.find("read_text()"), std::string::npos) << text.error().message;
}

TEST(SqlGate, DeepNestingIsAnError) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  for (const int depth : {100, 2000, 60'000}) {
    const std::string parens = "SELECT " + std::string(static_cast<std::size_t>(depth), '(') + "1" +
                               std::string(static_cast<std::size_t>(depth), ')');
    std::string selects, sums = "SELECT 1",
                         lists = "SELECT " + std::string(static_cast<std::size_t>(depth), '[');
    for (int i = 0; i < depth; ++i) {
      selects += "SELECT (";
      sums += "+1";
    }
    for (const std::string& sql : {parens, selects + "1" + std::string(static_cast<std::size_t>(depth), ')'),
                                   sums, lists + std::string(static_cast<std::size_t>(depth), ']')}) {
      static_cast<void>(store->query_text(sql.substr(0, kMaxSqlBytes), Format::csv));
    }
  }
  std::string nested_with = "SELECT 1 AS a";
  for (int i = 0; i < 20; ++i) nested_with = "WITH x AS (" + nested_with + ") SELECT * FROM x";
  EXPECT_FALSE(store->query_text(nested_with, Format::csv));
  EXPECT_EQ(ask(*store,
                "WITH a AS (SELECT 1 AS x), b AS (WITH c AS (FROM a) SELECT (SELECT max(x) FROM c) AS y) "
                "SELECT y FROM b"),
            "1");
}

}  // namespace
}  // namespace llt::store
