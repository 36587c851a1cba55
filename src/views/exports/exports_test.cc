#include <gtest/gtest.h>

#include "views/exports/content.h"
#include "views/exports/graphml.h"
#include "views/exports/lanes.h"
#include "views/exports/rows.h"

namespace llt::views {
namespace {

TEST(Lanes, OverlappingSlicesLieBesideEachOther) {
  Lanes lanes;
  EXPECT_EQ(lanes.place({0, 10, {}, {}}), 0U);
  EXPECT_EQ(lanes.place({5, 15, {}, {}}), 1U);
  EXPECT_EQ(lanes.place({10, 12, {}, {}}), 0U) << "the first has ended when this one begins";
  EXPECT_EQ(lanes.place({11, 20, {}, {}}), 2U);
  EXPECT_EQ(lanes.place({16, 17, {}, {}}), 0U);
}

TEST(Lanes, AChildLiesInsideItsParentWhenItFits) {
  Lanes lanes;
  EXPECT_EQ(lanes.place({0, 100, "a", ""}), 0U);
  EXPECT_EQ(lanes.place({10, 50, "b", "a"}), 0U);
  EXPECT_EQ(lanes.place({20, 60, "c", "a"}), 1U) << "its sibling is open there";
  EXPECT_EQ(lanes.place({25, 30, "d", "c"}), 1U);
  EXPECT_EQ(lanes.place({70, 120, "e", "a"}), 1U) << "it outlives its parent";
  EXPECT_EQ(lanes.place({80, 90, "f", "x"}), 2U) << "nobody knows its parent";
}

TEST(Rows, LinesMayComeInAnyPieces) {
  const std::string text = "[\n{\"a\":1,\"b\":\"x\\ny\"},\n{\"a\":null,\"b\":[18446744073709551615]}\n]\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::vector<std::string> got;
    const RowSink sink = [&](const Row& row) -> Result<> {
      got.push_back(row.known(0) ? std::to_string(*row.integer(0)) : "null");
      got.emplace_back(row.text(1));
      for (const auto value : row.naturals(1)) got.push_back(std::to_string(value));
      return {};
    };
    RowCutter cutter(sink);
    for (std::size_t at = 0; at < text.size(); at += size)
      ASSERT_TRUE(cutter.take(std::string_view(text).substr(at, size)));
    EXPECT_EQ(got, (std::vector<std::string>{"1", "x\ny", "null", "", "18446744073709551615"}));
  }
}

TEST(Rows, WhatIsNoRowIsAnError) {
  const RowSink sink = [](const Row&) -> Result<> { return {}; };
  RowCutter cutter(sink);
  EXPECT_EQ(cutter.take("[\n{\"a\":}\n").error().code, ErrorCode::data_loss);
}

TEST(Content, KnowsItsNamesAndWhatGoesOnFromThem) {
  EXPECT_TRUE(is_content_attribute("gen_ai.input.messages"));
  EXPECT_TRUE(is_content_attribute("gen_ai.prompt.0.content"));
  EXPECT_TRUE(is_content_attribute("llm.input_messages.0.message.content"));
  EXPECT_FALSE(is_content_attribute("gen_ai.prompt_tokens"));
  EXPECT_FALSE(is_content_attribute("gen_ai.request.model"));
  EXPECT_FALSE(is_content_attribute(""));
}

TEST(Xml, EscapesMarkupAndReplacesWhatItHasNoPlaceFor) {
  EXPECT_EQ(xml_text("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
  EXPECT_EQ(xml_text("x\ny"), "x&#10;y");
  EXPECT_EQ(xml_text(std::string_view("a\0b\x01", 4)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(xml_text("\xC3\xA4\xF0\x9F\x98\x80"), "\xC3\xA4\xF0\x9F\x98\x80");
  EXPECT_EQ(xml_text("\xC3"), "\xEF\xBF\xBD");
  EXPECT_EQ(xml_text("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "a surrogate";
  EXPECT_EQ(xml_text("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong";
  EXPECT_EQ(xml_text("\xEF\xBF\xBF"), "\xEF\xBF\xBD") << "no character of XML";
}

TEST(Time, HasNanosecondsAndMayLieBefore1970) {
  EXPECT_EQ(iso_time(1767225600000000001), "2026-01-01T00:00:00.000000001Z");
  EXPECT_EQ(iso_time(-1), "1969-12-31T23:59:59.999999999Z");
}

}  // namespace
}  // namespace llt::views
