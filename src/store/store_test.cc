// Round trips, durability and life cycle, through the real DuckDB.

#include "store/store.h"

#include <duckdb.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <limits>
#include <thread>

#include "base/losses.h"
#include "schema/tables.h"
#include "store/data_dir.h"
#include "store/database.h"
#include "store/test_support.h"

namespace llt::store {
namespace {

using testing::ask;
using testing::keep_all;
using testing::must_open;
using testing::request;
using testing::TempDir;

TEST(Store, FreshStoreHasAllTables) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  EXPECT_EQ(ask(*store, "SELECT table_name FROM duckdb_tables() ORDER BY 1"),
            "attribution\nengines\nevents\ngpu_processes\ngpu_"
            "samples\ngpus\ngraph_runs\ngraph_values\ninterference\nlosses\nmeta\nmetrics\nprompt_"
            "reuse\nreceived_spans\n"
            "requests\nresources\nstate_copies\nstep_members\nsteps\nturns");
  EXPECT_EQ(ask(*store, "SELECT count(*) FROM requests"), "0");
  EXPECT_EQ(ask(*store, "SELECT value FROM meta WHERE key = 'schema_version'"),
            std::to_string(kSchemaVersion));
  EXPECT_EQ(ask(*store, "SELECT count(*) FROM spans"), "0");
  EXPECT_EQ(ask(*store, "SELECT count(*) = " + std::to_string(kLossCount) + " FROM losses"), "true");
}

TEST(Store, SpansOfAnOlderStoreStay) {
  const TempDir dir;
  must_open(dir.path(), keep_all()).reset();
  {
    const auto database =
        Database::open({DataFiles(dir.path()).database, dir.path() / "tmp", false, 1 << 28, 1});
    ASSERT_TRUE(database);
    const auto connection = (*database)->connect();
    for (const char* sql :
         {"DROP VIEW spans", "ALTER TABLE received_spans RENAME TO spans", "DROP TABLE resources",
          "ALTER TABLE requests DROP COLUMN phase_rule",
          "INSERT INTO spans BY NAME (SELECT 't' AS trace_id, 's' AS span_id, 'old' AS name, 'CLIENT' "
          "AS kind, 1 AS start_unix_ns, 2 AS duration_ns, 'OK' AS status_code, 'svc' AS service_name)",
          "UPDATE meta SET value = '1' WHERE key = 'schema_version'", "CHECKPOINT"}) {
      const auto done = execute(connection->get(), sql);
      ASSERT_TRUE(done) << sql << ": " << done.error().message;
    }
  }
  auto store = must_open(dir.path(), keep_all());
  EXPECT_EQ(ask(*store, "SELECT name FROM spans"), "old");
  EXPECT_EQ(ask(*store, "SELECT name FROM received_spans"), "old");
}

RequestRow full_request() {
  RequestRow row = request(1, 1'700'000'000'123'456'789);
  row.span_id = "0123456789abcdef";
  row.method = "POST";
  row.path = "/v1/chat/completions";
  row.operation = "chat";
  row.model = "größe \"quoted\", comma\nnewline";
  row.response_model = "m";
  row.response_id = "id";
  row.upstream = "u";
  row.provider = "llama_cpp";
  row.stream = true;
  row.http_status = 200;
  row.error_type = "timeout";
  row.error_message = std::string("nul\0byte", 8);
  row.total_ns = std::numeric_limits<std::int64_t>::max();
  row.receive_ns = 1, row.gateway_ns = 2, row.connect_ns = 3, row.upstream_ns = 4, row.client_ns = 5;
  row.queue_ns = 6, row.prefill_ns = 7, row.decode_ns = 8, row.unattributed_ns = -9, row.ttft_ns = 10;
  row.engine_prefill_ns = 11, row.engine_decode_ns = 12;
  row.input_tokens = 13, row.cached_tokens = 0, row.prompt_tokens_processed = 15, row.output_tokens = 16;
  row.reasoning_tokens = 17, row.draft_tokens = 18, row.draft_tokens_accepted = 19;
  row.finish_reason = "stop";
  row.slot = 3;
  row.content_chunks = 4;
  row.chunk_gap_p50_ns = 20, row.chunk_gap_p95_ns = 21, row.chunk_gap_p99_ns = 22, row.chunk_gap_max_ns = 23;
  row.chunk_gaps_us = {{1, 2, 4'294'967'295u}};
  row.conversation_id = "c", row.previous_response_id = "p", row.prompt_hash = "0011223344556677";
  row.max_tokens = 24, row.temperature = 0.7, row.top_p = 0.95, row.top_k = 40, row.seed = -1,
  row.choice_count = 2;
  row.request_bytes = std::numeric_limits<std::uint64_t>::max(), row.response_bytes = 0;
  row.client_address = "::1", row.client_port = 65535, row.user_agent = "";
  row.request_content = "{}", row.response_content = "hello";
  row.parent_span_id = "00", row.client_span_id = "01", row.trace_state = "a=b", row.resource_id = 1;
  row.server_address = "h", row.server_port = 1, row.phase_rule = "progress";
  row.operation_start_ns = 1, row.operation_ns = 2, row.queue_start_ns = 3, row.prefill_start_ns = 4;
  row.decode_start_ns = 5, row.time_to_first_chunk_ns = 6;
  row.finish_reasons = "[]", row.stop_sequences = "[]", row.encoding_formats = "[]", row.dimensions = 1;
  row.output_type = "text", row.reasoning_level = "low";
  row.frequency_penalty = 0.5, row.presence_penalty = 0.5;
  row.input_messages = row.output_messages = row.system_instructions = row.tool_definitions = "[]";
  return row;
}

TEST(Store, EveryRequestColumnComesBack) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  const RequestRow row = full_request();
  store->append(RequestRow(row));
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(store->query_text("SELECT COLUMNS(*) IS NULL FROM requests", Format::csv)->find("true"),
            std::string::npos);
  EXPECT_EQ(ask(*store,
                "SELECT start_unix_ns, total_ns, request_bytes, unattributed_ns, cached_tokens, client_port "
                "FROM requests"),
            "1700000000123456789,9223372036854775807,18446744073709551615,-9,0,65535");
  EXPECT_EQ(ask(*store,
                "SELECT receive_ns, gateway_ns, connect_ns, upstream_ns, client_ns, queue_ns, prefill_ns, "
                "decode_ns, "
                "ttft_ns, engine_prefill_ns, engine_decode_ns, input_tokens, prompt_tokens_processed, "
                "output_tokens, "
                "reasoning_tokens, draft_tokens, draft_tokens_accepted, slot, content_chunks FROM requests"),
            "1,2,3,4,5,6,7,8,10,11,12,13,15,16,17,18,19,3,4");
  EXPECT_EQ(ask(*store,
                "SELECT chunk_gaps_us, list_max(chunk_gaps_us), chunk_gap_p50_ns, chunk_gap_p95_ns, "
                "chunk_gap_p99_ns, "
                "chunk_gap_max_ns FROM requests"),
            "\"[1, 2, 4294967295]\",4294967295,20,21,22,23");
  EXPECT_EQ(ask(*store,
                "SELECT max_tokens, temperature, top_p, top_k, seed, choice_count, user_agent, stream FROM "
                "requests"),
            "24,0.7,0.95,40,-1,2,\"\",true");
  EXPECT_EQ(ask(*store, "SELECT model FROM requests"), "\"größe \"\"quoted\"\", comma\nnewline\"");
  EXPECT_EQ(ask(*store, "SELECT length(error_message), strlen(error_message) FROM requests"), "8,8");
}

TEST(Store, WhatIsNotSetIsNull) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  store->append(request(7));
  SpanRow span;
  span.trace_id = "t", span.span_id = "s", span.name = "n", span.kind = "SERVER", span.status_code = "UNSET";
  span.service_name = "svc";
  store->append(SpanRow(span));
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(ask(*store,
                "SELECT column_name FROM (UNPIVOT (SELECT COLUMNS(*)::VARCHAR FROM requests) ON COLUMNS(*) "
                "INTO NAME column_name VALUE v) ORDER BY 1"),
            "request_id\nroute\nstart_unix_ns\nstream\ntotal_ns\ntrace_id");
  auto row = store->query_text("SELECT * FROM requests", Format::json);
  ASSERT_TRUE(row);
  std::size_t nulls = 0;
  for (std::size_t at = row->find(":null"); at != std::string::npos; at = row->find(":null", at + 1)) ++nulls;
  EXPECT_EQ(
      ask(*store, "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'requests' AND is_nullable"),
      std::to_string(nulls));
  EXPECT_EQ(ask(*store, "SELECT parent_span_id, attributes, events, status_message FROM spans"), ",,,");
}

TEST(Store, AttributesAreJson) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  const auto invalid_before = loss_count(Loss::store_json_invalid);
  for (const char* attributes : {R"({"gen_ai.request.model":"m","n":5,"list":["a"]})", "{broken"}) {
    SpanRow span;
    span.trace_id = "t", span.span_id = "s", span.name = "n", span.kind = "CLIENT", span.status_code = "OK";
    span.service_name = "svc", span.attributes = attributes;
    store->append(std::move(span));
  }
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(
      ask(*store,
          "SELECT attributes->>'gen_ai.request.model', (attributes->'n')::INT + 1, attributes->'$.list[0]' "
          "FROM spans ORDER BY 1 NULLS LAST"),
      "m,6,\"\"\"a\"\"\"\n,,");
  EXPECT_EQ(loss_count(Loss::store_json_invalid), invalid_before + 1);
  EXPECT_NE(store->query_text("SELECT attributes FROM spans", Format::json)
                ->find(R"({"attributes":{"gen_ai.request.model":"m")"),
            std::string::npos);
}

TEST(Store, BrokenUtf8IsRepairedAndCounted) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  const auto before = loss_count(Loss::store_text_repaired);
  RequestRow row = request(1);
  row.model = "a\xff\xc3(b\xe2\x82";
  store->append(std::move(row));
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(ask(*store, "SELECT model FROM requests"), "a\uFFFD\uFFFD(b\uFFFD\uFFFD");
  EXPECT_EQ(loss_count(Loss::store_text_repaired), before + 1);
}

TEST(Store, VisibleWithinHalfASecondWithoutFlush) {
  const TempDir dir;
  Options options = keep_all();
  options.flush_interval_ms = Options{}.flush_interval_ms;
  auto store = must_open(dir.path(), options);
  for (int round = 1; round <= 5; ++round) {
    store->append(request(round));
    const auto start = std::chrono::steady_clock::now();
    while (ask(*store, "SELECT count(*) FROM requests") != std::to_string(round)) {
      ASSERT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
  }
}

TEST(Store, ReopensWithItsRows) {
  const TempDir dir;
  {
    auto store = must_open(dir.path(), keep_all());
    for (int i = 0; i < 5000; ++i) store->append(request(i));
    count_loss(Loss::sse_event_torn, 3);
  }
  auto store = must_open(dir.path(), keep_all());
  EXPECT_EQ(ask(*store, "SELECT count(*), sum(total_ns) FROM requests"), "5000,12497500");
  EXPECT_EQ(ask(*store, "SELECT count >= 3, severity, run_count FROM losses WHERE name = 'sse_event_torn'"),
            "true,warning,0");
}

TEST(Store, SecondWriterIsToldWhoHoldsIt) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  auto second = Store::open(dir.path(), keep_all());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos)
      << second.error().message;
  auto reader = open_read_only(dir.path());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::already_exists);
  EXPECT_NE(reader.error().message.find(std::to_string(::getpid())), std::string::npos);
  store.reset();
  EXPECT_TRUE(open_read_only(dir.path()));
}

TEST(Store, ReaderOfNothingSaysSo) {
  const TempDir dir;
  auto reader = open_read_only(dir.path() / "none");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "none"));
}

TEST(Store, DamagedDatabaseIsKeptAsideAndANewOneBegun) {
  const TempDir dir;
  { must_open(dir.path(), keep_all())->append(request(1)); }
  const auto file = dir.path() / "telemetry.duckdb";
  const auto size = std::filesystem::file_size(file);
  {
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    damage.write("garbage!", 8);
    damage.seekp(4096);
    damage << std::string(9000, 'x');
  }
  auto reader = open_read_only(dir.path());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::data_loss) << reader.error().message;
  auto store = must_open(dir.path(), keep_all());
  store->append(request(2));
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(ask(*store, "SELECT request_id FROM requests"), "r2");
  EXPECT_EQ(ask(*store, "SELECT kind, severity FROM events"), "store.damaged,error");
  std::uint64_t kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    if (entry.path().filename().string().starts_with("telemetry.damaged-")) kept = entry.file_size();
  }
  EXPECT_EQ(kept, size);
}

TEST(Store, AddsColumnsThatAnOlderDatabaseLacks) {
  const TempDir dir;
  { must_open(dir.path(), keep_all()); }
  {
    duckdb_database database = nullptr;
    duckdb_connection connection = nullptr;
    ASSERT_EQ(duckdb_open((dir.path() / "telemetry.duckdb").c_str(), &database), DuckDBSuccess);
    ASSERT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
    ASSERT_EQ(
        duckdb_query(connection,
                     "DROP TABLE metrics; CREATE TABLE metrics(value DOUBLE, unix_ns BIGINT, name VARCHAR)",
                     nullptr),
        DuckDBSuccess);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
  }
  auto store = must_open(dir.path(), keep_all());
  MetricRow row;
  row.unix_ns = 5, row.name = "m", row.value = 2.5, row.unit = "By";
  store->append(std::move(row));
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(ask(*store, "SELECT unix_ns, name, attributes, value, unit FROM metrics"), "5,m,,2.5,By");
}

TEST(Store, NewerSchemaIsRefused) {
  const TempDir dir;
  { must_open(dir.path(), keep_all()); }
  {
    duckdb_database database = nullptr;
    duckdb_connection connection = nullptr;
    ASSERT_EQ(duckdb_open((dir.path() / "telemetry.duckdb").c_str(), &database), DuckDBSuccess);
    ASSERT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
    ASSERT_EQ(duckdb_query(connection, "UPDATE meta SET value = '999' WHERE key = 'schema_version'", nullptr),
              DuckDBSuccess);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
  }
  auto store = Store::open(dir.path(), keep_all());
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("schema version 999"), std::string::npos) << store.error().message;
  EXPECT_TRUE(std::filesystem::exists(dir.path() / "telemetry.duckdb"));
}

TEST(Store, FullQueueDropsAndCounts) {
  const TempDir dir;
  Options options = keep_all();
  options.queue_bytes = 100'000;
  options.flush_interval_ms = 400;
  auto store = must_open(dir.path(), options);
  const auto before = loss_count(Loss::store_requests_dropped);
  for (int i = 0; i < 1000; ++i) store->append(request(i));
  const auto dropped = loss_count(Loss::store_requests_dropped) - before;
  EXPECT_GT(dropped, 0u);
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(ask(*store, "SELECT count(*) FROM requests"), std::to_string(1000 - dropped));
  EXPECT_EQ(store->health().rows_dropped, dropped);
  store->append(request(1));
  ASSERT_TRUE(store->flush(5000));
  EXPECT_EQ(ask(*store, "SELECT run_count >= " + std::to_string(dropped) +
                            " FROM losses WHERE name = 'store_requests_dropped'"),
            "true");
}

TEST(Store, ClosedStoreDropsAndRefuses) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  store->append(request(1));
  store->close();
  store->append(request(2));
  EXPECT_EQ(store->health().rows_stored, 1u);
  EXPECT_EQ(store->health().rows_dropped, 1u);
  EXPECT_EQ(store->health().state, State::closed);
  EXPECT_EQ(store->query_text("SELECT 1", Format::csv).error().code, ErrorCode::unavailable);
  auto reader = open_read_only(dir.path());
  ASSERT_FALSE(reader);  // the lock goes with the object
  store.reset();
  EXPECT_EQ(ask(**open_read_only(dir.path()), "SELECT request_id FROM requests"), "r1");
}

TEST(Store, ManyThreadsAppendWhileOthersQuery) {
  const TempDir dir;
  auto store = must_open(dir.path(), keep_all());
  constexpr int kThreads = 3, kRows = 3000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&store] {
      for (int i = 0; i < kRows; ++i) store->append(request(i));
    });
  }
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&store] {
      for (int i = 0; i < 20; ++i) {
        const auto text =
            ask(*store, "SELECT count(*) <= 9000 AND sum(total_ns) >= 0 OR count(*) = 0 FROM requests");
        EXPECT_EQ(text, "true");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(store->flush(10'000));
  EXPECT_EQ(ask(*store, "SELECT count(*) FROM requests"), std::to_string(kThreads * kRows));
}

}  // namespace
}  // namespace llt::store
