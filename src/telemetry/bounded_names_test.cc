#include "telemetry/bounded_names.h"

#include <gtest/gtest.h>

#include "base/losses.h"

namespace llt::telemetry {
namespace {

TEST(BoundedNames, FoldsWhatDoesNotFit) {
  BoundedNames names(2);
  EXPECT_EQ(names.fold("a", true), "a");
  EXPECT_EQ(names.fold("b", true), "b");
  const auto before = loss_count(Loss::model_names_folded);
  EXPECT_EQ(names.fold("c", true), "other");
  EXPECT_EQ(loss_count(Loss::model_names_folded), before + 1);
  EXPECT_EQ(names.fold("a", true), "a");
  EXPECT_EQ(names.fold("", true), "");
}

TEST(BoundedNames, ANameOfAFailedRequestIsNotLearnt) {
  BoundedNames names(2);
  EXPECT_EQ(names.fold("guess", false), "other");
  EXPECT_EQ(names.fold("guess", true), "guess");
  EXPECT_EQ(names.fold("guess", false), "guess");
}

TEST(BoundedNames, OurOwnNamesAlwaysFit) {
  BoundedNames names(1);
  EXPECT_EQ(names.fold("a", true), "a");
  names.admit("engine");
  EXPECT_EQ(names.fold("engine", false), "engine");
}

}  // namespace
}  // namespace llt::telemetry
