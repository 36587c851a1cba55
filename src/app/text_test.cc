#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/report_render.h"
#include "app/text_table.h"
#include "app/top_screen.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

TEST(TextTable, AlignsLeftThenRightAndTrims) {
  TextTable table({"name", "n", ""}, 1);
  table.add({"größe", "1", ""});
  table.add({"x", "1000", ""});
  EXPECT_EQ(table.to_string(), "name      n\ngröße     1\nx      1000\n");
}

TEST(Shortened, CutsBetweenCodePoints) {
  EXPECT_EQ(shortened("größe", 5), "größe");
  EXPECT_EQ(shortened("größer", 5), "größ…");
  EXPECT_EQ(shortened("abc", 1), "…");
  EXPECT_EQ(shortened("abc", 0), "");
  EXPECT_EQ(display_width(shortened("日本語日本語", 4)), 4u);
}

TEST(Printable, LetsNobodySteerTheTerminal) {
  EXPECT_EQ(printable("a\033[2Jb\n\x7f"), "a?[2Jb??");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "31mb"),
            "a?31mb");
  EXPECT_EQ(printable("größe"), "größe");
}

TEST(Shown, UnknownIsADash) {
  EXPECT_EQ(shown_ms(nullptr), "–");
  EXPECT_EQ(shown_ms(1.5), "1.50 ms");
  EXPECT_EQ(shown_ns(2'000'000'000), "2.00 s");
  EXPECT_EQ(shown_share(0.375), "37.5 %");
  EXPECT_EQ(shown_rate(1234.4), "1234");
  EXPECT_EQ(shown_rate(9.876), "9.88");
  EXPECT_EQ(shown_time(1767225601000000000), "2026-01-01 00:00:01 UTC");
  EXPECT_EQ(shown_text(nullptr), "–");
}

TEST(Sparkline, ShowsTheLastValuesByTheLargestOfThem) {
  EXPECT_EQ(sparkline({0, 1, 2, 4, 8}, 10), " ▂▃▅█");
  EXPECT_EQ(sparkline({100, 0, 1}, 2), " █");
  EXPECT_EQ(sparkline({}, 10), "");
  EXPECT_EQ(sparkline({0, 0}, 10), "  ");
}

struct Screen {
  Json status = Json::parse(R"({"version":"1","started_unix_ns":1767225600000000000,
    "gateway":{"url":"http://127.0.0.1:8080","connections":3},
    "engine":{"state":"loading","model":null,"flash_attention":null,"slots":null,"slots_busy":null,"restarts":0},
    "queue":{"waiting":1,"prefilling":0,"decoding":2},
    "losses":[{"name":"sse_event_torn","run_count":2},{"name":"spans_export_failed","run_count":0}]})");
  Json figures = {
      {"requests", 0}, {"errors", 0}, {"tokens_per_second", nullptr}, {"cache_hit_ratio", nullptr}};
  Json seconds = Json::array();
  Json recent = Json::array();

  std::vector<std::string> lines(std::size_t width, std::size_t height) {
    for (const char* member : {"ttft", "tpot", "queue", "prefill", "decode", "e2e"}) {
      for (const char* quantile : {"p50", "p95", "p99"})
        figures[std::string(member) + "_" + quantile] = nullptr;
    }
    return top_screen({status, figures, seconds, recent, 60'000'000'000, 1767225660000000000}, width, height);
  }
};

TEST(TopScreen, ShowsAnEngineThatKnowsNothingOfItselfYet) {
  Screen screen;
  const auto lines = screen.lines(80, 40);
  EXPECT_EQ(lines[0], "llamatelemetry 1  http://127.0.0.1:8080  up 60.0 s  00:01:00 UTC");
  EXPECT_EQ(lines[1], "engine   loading  –");
  EXPECT_EQ(lines[3], "requests 1 waiting, 0 in prefill, 2 in decode, 3 connections");
  EXPECT_EQ(lines[4], "losses   2 sse_event_torn");
}

TEST(TopScreen, FitsTheTerminal) {
  Screen screen;
  for (int i = 0; i < 50; ++i) {
    screen.recent.push_back({{"end_unix_ns", 1767225650000000000},
                             {"model", "a-model-with-a-very-long-name"},
                             {"http_status", 200},
                             {"error_type", nullptr},
                             {"total_ns", 123456789},
                             {"ttft_ns", nullptr},
                             {"queue_ns", 1},
                             {"prefill_ns", 1},
                             {"decode_ns", 1},
                             {"output_tokens", 12}});
  }
  for (const std::size_t width : {20u, 80u, 200u}) {
    const auto lines = screen.lines(width, 24);
    EXPECT_EQ(lines.size(), 24u);
    for (const std::string& line : lines) EXPECT_LE(display_width(line), width) << line;
  }
}

}  // namespace
}  // namespace llt::app
