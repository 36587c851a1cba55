#include "gateway/event_stream.h"

#include <gtest/gtest.h>

#include "base/losses.h"

namespace llt::gateway {
namespace {

constexpr std::string_view kProgress =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}],"
    "\"prompt_progress\":{\"total\":9,\"cache\":0,\"processed\":0,\"time_ms\":0}}\n\n";
constexpr std::string_view kText =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}],\"id\":\"c1\"}\n\n";
constexpr std::string_view kEnd =
    "data: {\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"delta\":{}}],"
    "\"timings\":{\"cache_n\":3,\"prompt_n\":4,\"prompt_ms\":5.5,\"predicted_n\":6,\"predicted_ms\":7.25}}"
    "\n\n";
constexpr std::string_view kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":2,"
    "\"prompt_tokens_details\":{\"cached_tokens\":8}}}\n\n";
constexpr std::string_view kDone = "data: [DONE]\n\n";

struct Fed {
  std::string out;
  telemetry::ResponseFacts facts;
  std::uint32_t content_events = 0;
  bool progress = false;
};

// Feeds `stream` in pieces of `piece` bytes.
Fed feed_in_pieces(std::string_view stream, std::size_t piece, Injected injected,
                   std::size_t max_held = 1 << 20) {
  Fed fed;
  AnswerReader answer(fed.facts);
  EventStream events(answer, injected, max_held);
  const auto note = [&](const EventStream::Seen& seen) {
    fed.content_events += seen.content_events;
    fed.progress |= seen.progress;
  };
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const std::string copy(stream.substr(at, piece));  // its own block, so that ASan sees overreads
    note(events.feed(copy, fed.out));
  }
  note(events.finish(fed.out));
  return fed;
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const auto part : parts) all += part;
  return all;
}

TEST(EventStream, TakesTheSlotOutHoweverTheStreamIsCut) {
  const std::string_view first = "data: {\"choices\":[],\"id\":\"c1\"";
  const std::string_view verbose = ",\"__verbose\":{\"content\":\"\\\"id_slot\\\":9\",\"id_slot\":3}";
  const std::string_view last = ",\"timings\":{\"prompt_n\":1}}\n\n";
  const std::string stream = join({kText, first, verbose, last, kDone});
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    const Fed fed = feed_in_pieces(stream, piece, {.slot = true});
    ASSERT_EQ(fed.out, join({kText, first, last, kDone})) << "cut every " << piece;
    EXPECT_EQ(fed.facts.slot, 3);
  }
  EXPECT_EQ(feed_in_pieces(stream, 7, {}).out, stream) << "what the client asked for itself stays";
}

TEST(EventStream, TakesInjectedProgressOutHoweverTheStreamIsCut) {
  const std::string stream = join({kProgress, kProgress, kText, kEnd, kDone});
  const std::string expected = join({kText, kEnd, kDone});
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    const Fed fed = feed_in_pieces(stream, piece, {.progress = true});
    ASSERT_EQ(fed.out, expected) << "cut every " << piece;
    ASSERT_EQ(fed.content_events, 1u);
    ASSERT_TRUE(fed.progress);
    ASSERT_EQ(fed.facts.input_tokens, 7);
    ASSERT_EQ(fed.facts.cached_tokens, 3);
    ASSERT_EQ(fed.facts.output_tokens, 6);
    ASSERT_EQ(fed.facts.finish_reasons, std::vector<std::string>{"stop"});
  }
}

TEST(EventStream, PassesEverythingAtOnceWhenNothingWasInjected) {
  telemetry::ResponseFacts facts;
  AnswerReader answer(facts);
  EventStream events(answer, {}, 1 << 20);
  std::string out;
  events.feed("data: {\"cho", out);
  EXPECT_EQ(out, "data: {\"cho");
  EXPECT_TRUE(events.abandon().client_in_event);
}

TEST(EventStream, KeepsProgressThatTheClientAskedFor) {
  const std::string stream = join({kProgress, kText});
  EXPECT_EQ(feed_in_pieces(stream, 7, {}).out, stream);
}

TEST(EventStream, TakesInjectedUsageChunkAndNullUsageOut) {
  const std::string with_null = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n";
  const std::string without = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
  const Fed fed = feed_in_pieces(join({with_null, kUsage, kDone}), 5, {.usage = true});
  EXPECT_EQ(fed.out, join({without, kDone}));
  EXPECT_EQ(fed.facts.input_tokens, 11);
  EXPECT_EQ(fed.facts.cached_tokens, 8);
  EXPECT_EQ(fed.facts.output_tokens, 2);
}

TEST(EventStream, UnderstandsCrLfCommentsAndSeveralDataLines) {
  const std::string stream =
      ": ping\r\n\r\nevent: x\r\ndata: {\"choices\":[{\"delta\":\r\ndata: {\"content\":\"a\"}}]}\r\n\r\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    const Fed fed = feed_in_pieces(stream, piece, {.progress = true});
    ASSERT_EQ(fed.out, stream) << piece;
    ASSERT_EQ(fed.content_events, 1u) << piece;
  }
}

TEST(EventStream, CountsAndPassesGarbage) {
  const auto before = loss_count(Loss::response_json_invalid);
  const std::string stream = join({"data: {\"choices\":[{\n\n", "nonsense\n\n", kText, "\n\n\n"});
  const Fed fed = feed_in_pieces(stream, 3, {.progress = true});
  EXPECT_EQ(fed.out, stream);
  EXPECT_EQ(fed.content_events, 1u);
  EXPECT_EQ(loss_count(Loss::response_json_invalid), before + 1);
}

TEST(EventStream, PassesOversizedEventsWithBoundedMemory) {
  const auto before = loss_count(Loss::sse_event_too_long);
  const std::string stream = join({"data: {\"x\":\"", std::string(5000, 'y'), "\"}\n\n", kProgress, kText});
  const Fed fed = feed_in_pieces(stream, 100, {.progress = true}, 512);
  EXPECT_EQ(fed.out, join({"data: {\"x\":\"", std::string(5000, 'y'), "\"}\n\n", kText}));
  EXPECT_EQ(loss_count(Loss::sse_event_too_long), before + 1);
}

TEST(EventStream, AbandonForgetsAHeldHalfEvent) {
  telemetry::ResponseFacts facts;
  AnswerReader answer(facts);
  EventStream events(answer, {.progress = true}, 1 << 20);
  std::string out;
  events.feed(join({kText, "data: {\"half"}), out);
  EXPECT_EQ(out, kText);
  const auto at = events.abandon();
  EXPECT_TRUE(at.in_event);
  EXPECT_FALSE(at.client_in_event);
}

TEST(EventStream, AddsUpTheEndingsOfSeveralChoices) {
  const std::string second =
      "data: {\"choices\":[{\"finish_reason\":\"length\",\"index\":1,\"delta\":{}}],"
      "\"timings\":{\"cache_n\":3,\"prompt_n\":4,\"prompt_ms\":5.5,\"predicted_n\":10,\"predicted_ms\":7.25}}"
      "\n\n";
  const Fed fed = feed_in_pieces(join({kText, kEnd, second}), 50, {});
  EXPECT_EQ(fed.facts.output_tokens, 16);
  EXPECT_EQ(fed.facts.input_tokens, 7);
  EXPECT_EQ(fed.facts.finish_reasons, (std::vector<std::string>{"stop", "length"}));
}

}  // namespace
}  // namespace llt::gateway
