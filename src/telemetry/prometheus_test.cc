#include "telemetry/prometheus.h"

#include <gtest/gtest.h>

#include "telemetry/metrics.h"
#include "telemetry/test_records.h"
#include "telemetry/test_store.h"

namespace llt::telemetry {
namespace {

TEST(PrometheusName, UnitsBecomeSuffixes) {
  EXPECT_EQ(prometheus_name("gen_ai.server.request.duration", "s", false, false),
            "gen_ai_server_request_duration_seconds");
  EXPECT_EQ(prometheus_name("gen_ai.client.token.usage", "{token}", false, false),
            "gen_ai_client_token_usage");
  EXPECT_EQ(prometheus_name("llamatelemetry.losses", "{loss}", true, false), "llamatelemetry_losses_total");
  EXPECT_EQ(prometheus_name("llamatelemetry.store.bytes", "By", false, true), "llamatelemetry_store_bytes");
  EXPECT_EQ(prometheus_name("llamatelemetry.cache.hit_ratio", "1", false, true),
            "llamatelemetry_cache_hit_ratio");
  EXPECT_EQ(prometheus_name("load", "1", false, true), "load_ratio");
  EXPECT_EQ(prometheus_name("llamatelemetry.decode.throughput", "{token}/s", false, true),
            "llamatelemetry_decode_throughput_per_second");
  EXPECT_EQ(prometheus_name("disk.io", "By/s", false, true), "disk_io_bytes_per_second");
}

TEST(PrometheusName, LabelsAreClean) {
  EXPECT_EQ(prometheus_label("gen_ai.request.model"), "gen_ai_request_model");
  EXPECT_EQ(prometheus_label("a..b-c"), "a_b_c");
  EXPECT_EQ(prometheus_label("1st"), "key_1st");
}

struct Page {
  testing::RowKeeper store;
  LiveCounts live;
  Gauges gauges{live, store, nullptr};
  PrometheusPage page;
  Metrics metrics{NameSets{}, "1", gauges};
  Page() { metrics.add_reader(page.reader()); }
};

TEST(PrometheusPage, HistogramsAreCumulative) {
  Page p;
  const RequestRecord record = testing::streamed_chat();
  p.metrics.record(record, break_down(record));
  p.metrics.record(record, break_down(record));
  const std::string text = p.page.text({{"service.name", "llama"}});
  EXPECT_NE(text.find("target_info{service_name=\"llama\"} 1"), std::string::npos);
  EXPECT_NE(text.find("# TYPE gen_ai_server_time_to_first_token_seconds histogram"), std::string::npos);
  // 100 ms: in the bucket up to 0.1 and in every later one.
  const std::string labels =
      "{gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"llama_cpp\","
      "gen_ai_request_model=\"SmolLM2-135M-Instruct\",gen_ai_response_model=\"SmolLM2-135M-Instruct\","
      "server_address=\"10.0.0.1\",server_port=\"8000\",le=";
  const std::string bucket = "gen_ai_server_time_to_first_token_seconds_bucket" + labels;
  EXPECT_NE(text.find(bucket + "\"0.08\"} 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find(bucket + "\"0.1\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find(bucket + "\"+Inf\"} 2\n"), std::string::npos);
}

TEST(PrometheusPage, GaugesFollowTheirSources) {
  Page p;
  p.live.waiting = 3;
  p.live.decoding = 2;
  EngineFacts facts;
  facts.state = "ready";
  facts.slots = 4;
  facts.slots_busy = 1;
  facts.restarts = 5;
  p.gauges.set_engine(facts);
  const std::string text = p.page.text({});
  for (const char* line : {"llamatelemetry_requests_waiting 3\n", "llamatelemetry_requests_running 2\n",
                           "llamatelemetry_engine_slots 4\n", "llamatelemetry_engine_slots_busy 1\n",
                           "llamatelemetry_engine_restarts_total 5\n", "llamatelemetry_engine_up 1\n",
                           "llamatelemetry_engine_state{llamatelemetry_engine_state=\"ready\"} 1\n",
                           "llamatelemetry_engine_state{llamatelemetry_engine_state=\"failed\"} 0\n",
                           "llamatelemetry_losses_total{llamatelemetry_loss_name=\"request_records_dropped\","
                           "llamatelemetry_loss_severity=\"error\"}"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(PrometheusPage, UnknownGaugesAreAbsent) {
  Page p;
  const std::string text = p.page.text({});
  EXPECT_EQ(text.find("llamatelemetry_engine_slots"), std::string::npos);
  EXPECT_EQ(text.find("llamatelemetry_cache_hit_ratio"), std::string::npos);
}

}  // namespace
}  // namespace llt::telemetry
