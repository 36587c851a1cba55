// Rows out of a database in memory as an Arrow stream, and back into another.

#include "store/arrow_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "store/scratch.h"

namespace llt::store {
namespace {

using enum ArrowColumn;

constexpr const char* kRows =
    "SELECT CASE WHEN i % 3 > 0 THEN i / 2 END AS v, CASE WHEN i % 5 > 0 THEN -i END AS t, i::INTEGER AS k, "
    "CASE WHEN i % 7 "
    "> 0 THEN 'row ' || i END AS s FROM range(5000) r(i)";

std::string stream_of(Scratch& database, const std::string& sql) {
  auto text = database.query_text(sql, Format::arrow);
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}

std::unique_ptr<Scratch> scratch() {
  auto made = Scratch::make();
  EXPECT_TRUE(made) << made.error().to_string();
  return std::move(*made);
}

TEST(ArrowRows, EveryRowComesInPiecesOfAnySize) {
  const auto database = scratch();
  const std::string stream = stream_of(*database, kRows);
  for (const std::size_t piece : {std::size_t{7}, std::size_t{100'000}, stream.size()}) {
    std::int64_t next = 0;
    auto rows = ArrowRows::make({real, number, small_number, text}, [&](const ArrowBatch& batch) -> Result<> {
      for (std::size_t row = 0; row < batch.size(); ++row, ++next) {
        EXPECT_EQ(batch.is_null(0, row), next % 3 == 0);
        EXPECT_EQ(batch.is_null(1, row), next % 5 == 0);
        EXPECT_TRUE(next % 3 == 0 || batch.reals(0)[row] == static_cast<double>(next) / 2);
        EXPECT_TRUE(next % 5 == 0 || batch.numbers(1)[row] == -next);
        EXPECT_EQ(batch.small_numbers(2)[row], next);
        EXPECT_EQ(batch.text(3, row), next % 7 == 0 ? "" : "row " + std::to_string(next));
      }
      return {};
    });
    ASSERT_TRUE(rows);
    for (std::size_t at = 0; at < stream.size(); at += piece)
      ASSERT_TRUE((*rows)->take(std::string_view(stream).substr(at, piece)));
    EXPECT_TRUE((*rows)->end());
    EXPECT_EQ(next, 5000);
  }
}

TEST(ArrowRows, WhatIsCutOrOtherIsSaid) {
  const auto database = scratch();
  const std::string stream = stream_of(*database, kRows);
  const auto nothing = [](const ArrowBatch&) -> Result<> { return {}; };
  auto cut = ArrowRows::make({real, number, small_number, text}, nothing);
  ASSERT_TRUE((*cut)->take(std::string_view(stream).substr(0, stream.size() / 2)));
  EXPECT_EQ((*cut)->end().error().code, ErrorCode::data_loss);
  auto other = ArrowRows::make({real, text, small_number, text}, nothing);
  EXPECT_EQ((*other)->take(stream).error().code, ErrorCode::data_loss);
  auto fewer = ArrowRows::make({real}, nothing);
  EXPECT_EQ((*fewer)->take(stream).error().code, ErrorCode::data_loss);
  auto none = ArrowRows::make({real}, nothing);
  const auto taken =
      (*none)->take("no stream at all, but long enough");  // which may be the head of a long one
  EXPECT_EQ((taken ? (*none)->end() : taken).error().code, ErrorCode::data_loss);
}

TEST(ArrowRows, TheSinksErrorEndsIt) {
  const auto database = scratch();
  auto rows = ArrowRows::make({real, number, small_number, text}, [](const ArrowBatch&) -> Result<> {
    return fail(ErrorCode::resource_exhausted, "enough");
  });
  EXPECT_EQ((*rows)->take(stream_of(*database, kRows)).error().message, "enough");
}

TEST(Scratch, ColumnsComeOutAsTheyWentIn) {
  const auto database = scratch();
  std::vector<double> reals;
  std::vector<std::int64_t> numbers;
  std::vector<std::uint64_t> known(80, 0);
  for (std::size_t i = 0; i < 5000; ++i) {
    reals.push_back(i == 7 ? std::numeric_limits<double>::infinity() : static_cast<double>(i) / 4);
    numbers.push_back(-static_cast<std::int64_t>(i));
    if (i % 3 != 0) known[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  ASSERT_TRUE(database->execute("CREATE TABLE a (r DOUBLE, n BIGINT)"));
  const ScratchColumn columns[] = {{reals.data(), known.data()}, {numbers.data()}};
  ASSERT_TRUE(database->append("a", columns, reals.size()));
  EXPECT_EQ(database
                ->query_text("SELECT count(*) AS rows, count(r) AS known, max(r) AS most, min(n) AS least, "
                             "sum(r * 4 + n) FILTER (isfinite(r)) AS none FROM a",
                             Format::csv)
                .value_or(""),
            "rows,known,most,least,none\r\n5000,3333,inf,-4999,0.0\r\n");
}

TEST(Scratch, TextsAreNumbered) {
  const auto database = scratch();
  ASSERT_TRUE(database->execute("CREATE TABLE k (code BIGINT, a VARCHAR, b VARCHAR)"));
  const std::vector<std::optional<std::string>> columns[] = {{"x", std::nullopt, ""}, {"1", "2", "it's"}};
  ASSERT_TRUE(database->append_texts("k", columns));
  EXPECT_EQ(database->query_text("SELECT * FROM k ORDER BY code", Format::csv).value_or(""),
            "code,a,b\r\n0,x,1\r\n1,,2\r\n2,\"\",it's\r\n");
}

TEST(Scratch, IsLockedLikeTheStore) {
  const auto database = scratch();
  EXPECT_FALSE(database->query_text("SELECT * FROM read_csv('/etc/passwd')", Format::csv));
  EXPECT_FALSE(database->query_text("CREATE TABLE x (i INTEGER)", Format::csv));
}

}  // namespace
}  // namespace llt::store
