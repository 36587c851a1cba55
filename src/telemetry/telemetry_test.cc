#include "telemetry/telemetry.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "base/losses.h"
#include "telemetry/record_queue.h"
#include "telemetry/test_records.h"
#include "telemetry/test_store.h"

namespace llt::telemetry {
namespace {

using testing::RowKeeper;

std::unique_ptr<Telemetry> start(RowKeeper& store, Options options = {.service_version = "1",
                                                                      .service_instance_id = "i",
                                                                      .capture_content = false,
                                                                      .queue_capacity = 1024}) {
  auto telemetry = Telemetry::start(std::move(options), store, [] {
    EngineFacts facts;
    facts.state = "ready";
    facts.build = "b42";
    return facts;
  });
  EXPECT_TRUE(telemetry) << telemetry.error().message;
  return std::move(*telemetry);
}

TEST(Telemetry, ARecordBecomesRowsAndMetrics) {
  RowKeeper store;
  const auto telemetry = start(store);
  telemetry->submit(std::make_unique<RequestRecord>(testing::streamed_chat()));
  telemetry->engine_event("restart", "it crashed", R"({"pid": 42, "upstream": "engine"})");
  telemetry->engine_event("ready", "", "");
  telemetry->shutdown(1'000);
  ASSERT_EQ(store.of<store::RequestRow>().size(), 1U);
  ASSERT_FALSE(store.of<store::ResourceRow>().empty());
  EXPECT_NE(store.of<store::ResourceRow>().back().attributes->find("b42"), std::string::npos);
  EXPECT_EQ(store.of<store::RequestRow>()[0].resource_id, store.of<store::ResourceRow>().back().id);
  ASSERT_EQ(store.of<store::EventRow>().size(), 2U);
  EXPECT_EQ(store.of<store::EventRow>()[0].kind, "engine.restart");
  EXPECT_EQ(store.of<store::EventRow>()[0].severity, "warning");
  EXPECT_EQ(store.of<store::EventRow>()[0].pid, 42);
  EXPECT_EQ(store.of<store::EventRow>()[0].upstream, "engine");
  EXPECT_EQ(store.of<store::EventRow>()[1].message, std::nullopt);
  EXPECT_EQ(store.of<store::EventRow>()[1].attributes, std::nullopt);
  bool up = false;
  for (const store::MetricRow& row : store.of<store::MetricRow>())
    up |= row.name == "llamatelemetry.engine.up" && row.value == 1;
  EXPECT_TRUE(up);
}

TEST(Telemetry, PrometheusPageHasTheResource) {
  RowKeeper store;
  const auto telemetry = start(store);
  telemetry->engine_event("restart", "", "{}");
  const std::string text = telemetry->prometheus_text();
  EXPECT_NE(text.find("target_info{"), std::string::npos);
  EXPECT_NE(text.find("llamatelemetry_engine_restarts_total 1\n"), std::string::npos) << text;
}

TEST(Telemetry, ManyThreadsSubmitAndReadAtOnce) {
  RowKeeper store;
  const auto telemetry = start(store, {.service_version = "1",
                                       .service_instance_id = "i",
                                       .capture_content = false,
                                       .queue_capacity = 16'384});
  const auto dropped = loss_count(Loss::request_records_dropped);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        telemetry->live().waiting.fetch_add(1);
        telemetry->submit(std::make_unique<RequestRecord>(testing::streamed_chat()));
        telemetry->live().waiting.fetch_sub(1);
        EXPECT_TRUE(telemetry->sample(random_trace_id(), std::nullopt));
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(telemetry->prometheus_text().empty());
  });
  for (std::thread& thread : threads) thread.join();
  telemetry->shutdown(1'000);
  EXPECT_EQ(store.of<store::RequestRow>().size() + (loss_count(Loss::request_records_dropped) - dropped),
            2'000U);
}

TEST(Telemetry, RefusesAnUnknownExporter) {
  RowKeeper store;
  ASSERT_EQ(setenv("OTEL_TRACES_EXPORTER", "zipkin", 1), 0);
  const auto telemetry = Telemetry::start({}, store, [] { return EngineFacts{}; });
  unsetenv("OTEL_TRACES_EXPORTER");
  ASSERT_FALSE(telemetry);
  EXPECT_EQ(telemetry.error().code, ErrorCode::invalid_argument);
}

TEST(RecordQueue, DropsAndCountsWhatDoesNotFit) {
  RecordQueue queue(8);
  const auto before = loss_count(Loss::request_records_dropped);
  for (int i = 0; i < 100; ++i) queue.push(std::make_unique<RequestRecord>());
  queue.push(nullptr);
  const auto dropped = loss_count(Loss::request_records_dropped) - before;
  std::uint64_t taken = 0;
  while (queue.pop() != nullptr) ++taken;
  EXPECT_GE(taken, 8U);
  EXPECT_LE(taken, 9U);  // the queue keeps a spare node
  EXPECT_EQ(taken + dropped, 100U);
}

}  // namespace
}  // namespace llt::telemetry
