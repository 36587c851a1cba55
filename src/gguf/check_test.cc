// Every broken file is told what is wrong with it, and a good one nothing.

#include "gguf/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "gguf/test_files.h"

namespace llt::gguf {
namespace {

TEST(Check, AGoodFileHasNoFindings) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const std::string file = test::good_file(order);
    const auto model = ModelFile::read(test::as_bytes(file), "good");
    ASSERT_TRUE(model) << model.error().to_string();
    for (const Finding& finding : check(*model)) ADD_FAILURE() << finding.where << ": " << finding.message;
  }
}

TEST(Check, EveryBrokenFileIsToldWhatIsWrong) {
  std::set<std::string_view> names;
  for (const test::BrokenFile& broken : test::broken_files()) {
    SCOPED_TRACE(broken.name);
    EXPECT_TRUE(names.insert(broken.name).second) << "two files of one name";
    const auto model = ModelFile::read(test::as_bytes(broken.bytes), "f");
    ASSERT_EQ(model.has_value(), broken.readable) << (model ? "" : model.error().message);
    if (!model) {
      EXPECT_NE(model.error().message.find(broken.says), std::string::npos) << model.error().message;
      EXPECT_TRUE(model.error().message.starts_with("f, byte "));
      continue;
    }
    const auto findings = check(*model);
    const bool said = std::ranges::any_of(
        findings, [&](const Finding& f) { return f.message.find(broken.says) != std::string::npos; });
    EXPECT_TRUE(said) << broken.says << " is not among:";
    for (const Finding& finding : findings) EXPECT_TRUE(said) << finding.where << ": " << finding.message;
  }
}

TEST(Check, ListsAtMostAThousandFindings) {
  const std::string file = test::make_file(test::write_metadata, [](HeaderWriter& head) {
    for (int i = 0; i < 2000; ++i) head.add_tensor_at("same", 24, std::vector<std::uint64_t>{1}, 1);
  });
  const auto model = ModelFile::read(test::as_bytes(file), "f");
  ASSERT_TRUE(model);
  const auto findings = check(*model);
  EXPECT_EQ(findings.size(), 1001u);
  EXPECT_TRUE(findings.back().message.starts_with("more: "));
}

}  // namespace
}  // namespace llt::gguf
