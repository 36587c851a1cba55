// Reading what HeaderWriter wrote, whole and cut off anywhere.

#include "gguf/header.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/utf8.h"
#include "gguf/test_files.h"

namespace llt::gguf {
namespace {

using test::as_bytes;

class EveryDialect : public testing::TestWithParam<std::tuple<ByteOrder, std::uint32_t>> {
 protected:
  static HeaderWriter writer() { return HeaderWriter(std::get<0>(GetParam()), std::get<1>(GetParam())); }
};

INSTANTIATE_TEST_SUITE_P(Header, EveryDialect,
                         testing::Combine(testing::Values(ByteOrder::little, ByteOrder::big),
                                          testing::Values(2u, 3u)));

TEST_P(EveryDialect, EveryKindOfValueIsReadBack) {
  HeaderWriter writer = EveryDialect::writer();
  writer.add_text("text", "zwölf");
  writer.add_u32("u32", 4'000'000'000);
  writer.add_i32("i32", -5);
  writer.add_u64("u64", 1ull << 60);
  writer.add_f32("f32", 1e-5F);
  writer.add_bool("bool", true);
  writer.add_texts("texts", std::vector<std::string>{"a", "", "ccc"});
  writer.add_u32s("u32s", std::array<std::uint32_t, 2>{7, 8});
  writer.add_f32s("f32s", std::array<float, 1>{0.5F});
  const std::string file = writer.finish();
  const auto header = read_header(as_bytes(file), "f");
  ASSERT_TRUE(header) << header.error().to_string();
  EXPECT_EQ(header->version, std::get<1>(GetParam()));
  EXPECT_EQ(header->order, std::get<0>(GetParam()));
  const Metadata& m = header->metadata;
  EXPECT_EQ(m.entries().size(), 9u);
  EXPECT_EQ(m.string_at("text"), "zwölf");
  EXPECT_EQ(m.unsigned_at("u32"), 4'000'000'000u);
  EXPECT_EQ(std::get<std::int64_t>(m.find("i32")->data()), -5);
  EXPECT_EQ(m.unsigned_at("i32"), std::nullopt);
  EXPECT_EQ(m.unsigned_at("u64"), 1ull << 60);
  EXPECT_EQ(m.find("f32")->as_number(), static_cast<double>(1e-5F));
  EXPECT_EQ(m.bool_at("bool"), true);
  EXPECT_EQ(m.array_at("texts")->at(2)->as_string(), "ccc");
  EXPECT_EQ(m.array_at("texts")->at(3), std::nullopt);
  EXPECT_EQ(m.array_at("u32s")->integers(2), (std::vector<std::uint64_t>{7, 8}));
  EXPECT_EQ(m.array_at("u32s")->integers(1), std::nullopt);
  EXPECT_EQ(m.array_at("f32s")->at(0)->as_number(), 0.5);
  EXPECT_EQ(m.find("missing"), nullptr);
}

TEST_P(EveryDialect, TensorsAreReadBack) {
  const std::string file = test::good_file(std::get<0>(GetParam()), std::get<1>(GetParam()));
  const auto header = read_header(as_bytes(file), "f");
  ASSERT_TRUE(header) << header.error().to_string();
  ASSERT_EQ(header->tensors.size(), 3u);
  const Tensor& q = header->tensors[1];
  EXPECT_EQ(q.name, "blk.0.attn_q.weight");
  EXPECT_EQ(q.type, 2u);
  EXPECT_EQ(q.offset, 160u);  // 4 rows of one 34-byte block, padded to 32
  EXPECT_EQ(q.bytes, 32u * 18);
  EXPECT_EQ(q.elements, 1024u);
  EXPECT_EQ(header->data_offset % 32, 0u);
  EXPECT_EQ(header->data_offset + 864, file.size());
}

TEST_P(EveryDialect, CutAnywhereWithinTheHeadIsAnErrorWithItsOffset) {
  HeaderWriter writer = EveryDialect::writer();
  test::write_metadata(writer);
  test::write_tensors(writer);
  const std::string head = writer.finish();
  const auto whole = read_header(as_bytes(head), "f");
  ASSERT_TRUE(whole);
  // The head ends before its padding; find where by its last tensor's description.
  const std::size_t end =
      whole->tensors.back().at + 8 + std::string_view("output_norm.weight").size() + 4 + 8 + 4 + 8;
  for (std::size_t size = 0; size < end; ++size) {
    const std::string cut = head.substr(0, size);
    const auto header = read_header(as_bytes(cut), "f");
    ASSERT_FALSE(header) << size;
    ASSERT_EQ(header.error().code, ErrorCode::data_loss);
    ASSERT_TRUE(header.error().message.starts_with("f, byte ")) << header.error().message;
  }
  EXPECT_TRUE(read_header(as_bytes(head.substr(0, end)), "f"));
}

TEST(Header, AnAlignmentOfItsOwnMovesTheData) {
  HeaderWriter writer;
  writer.add_u32("general.alignment", 4096);
  std::string file = writer.finish();
  const auto header = read_header(as_bytes(file), "f");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->alignment, 4096u);
  EXPECT_EQ(header->data_offset, 4096u);
}

TEST(Header, ArraysOfArraysAreRead) {
  HeaderWriter writer;
  std::string bytes;
  const auto put = [&](auto n) { bytes.append(reinterpret_cast<const char*>(&n), sizeof n); };
  put(9u), put(std::uint64_t{2});  // two arrays
  for (const std::uint8_t value : {std::uint8_t{1}, std::uint8_t{2}})
    put(0u), put(std::uint64_t{1}), put(value);
  writer.add_raw("k", 9, bytes);
  writer.add_u32("after", 3);
  const std::string file = writer.finish();
  const auto header = read_header(as_bytes(file), "f");
  ASSERT_TRUE(header) << header.error().to_string();
  const auto second = header->metadata.array_at("k")->at(1);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->as_array()->at(0)->as_unsigned(), 2u);
  EXPECT_EQ(header->metadata.unsigned_at("after"), 3u);
}

TEST(Utf8, FindsTheFirstBadByte) {
  EXPECT_EQ(first_bad_utf8("plain äöü € 😀"), std::nullopt);
  EXPECT_EQ(first_bad_utf8("a\x80"), 1u);             // a lone continuation
  EXPECT_EQ(first_bad_utf8("\xC0\xAF"), 0u);          // overlong
  EXPECT_EQ(first_bad_utf8("ab\xE0\x80\x80"), 2u);    // overlong
  EXPECT_EQ(first_bad_utf8("\xED\xA0\x80"), 0u);      // a surrogate
  EXPECT_EQ(first_bad_utf8("\xF4\x90\x80\x80"), 0u);  // beyond U+10FFFF
  EXPECT_EQ(first_bad_utf8("x\xE2\x82"), 1u);         // cut
}

TEST(Utf8, ReadableTextCannotSteerATerminal) {
  EXPECT_EQ(readable("a\x1b[2J\xC2\x9B\xFFz"), "a?[2J??z");
  EXPECT_EQ(readable(std::string(100, 'x')), std::string(80, 'x') + "…");
}

}  // namespace
}  // namespace llt::gguf
