#include "app/slo.h"

#include <gtest/gtest.h>

namespace llt::app {
namespace {

TEST(Slo, ReadsItsLimits) {
  const auto both = parse_slo("ttft=500ms,tpot=50ms");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->ttft_ns, 500'000'000);
  EXPECT_EQ(both->tpot_ns, 50'000'000);
  EXPECT_FALSE(both->e2e_ns);
  EXPECT_EQ(parse_slo("e2e=1m30s")->e2e_ns, 90'000'000'000);
}

TEST(Slo, RefusesWhatItCannotMean) {
  for (const char* text : {"", "ttft", "ttft=", "ttft=5", "itl=5ms", "ttft=1s,ttft=2s", "ttft=1s,", "ttft=0",
                           "=5ms", "ttft=-1s", "ttft = 1s"}) {
    EXPECT_FALSE(parse_slo(text)) << text;
  }
}

TEST(Slo, JudgesOnlyWhatIsStated) {
  Slo slo;
  slo.tpot_ns = 50;
  EXPECT_EQ(slo_limit_sql(slo, "ttft"), "NULL::BOOLEAN");
  EXPECT_NE(slo_sql(slo).find("<= 50"), std::string::npos);
  EXPECT_EQ(slo_sql(slo).find("ttft_ns"), std::string::npos);
}

}  // namespace
}  // namespace llt::app
