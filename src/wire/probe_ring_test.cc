#include "wire/probe_ring.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace {

struct Free {
  void operator()(llt_ring_header* ring) const { std::free(ring); }
};
using Ring = std::unique_ptr<llt_ring_header, Free>;

Ring make_ring() {
  auto* memory = static_cast<llt_ring_header*>(std::calloc(1, LLT_RING_BYTES));
  memory->magic = LLT_RING_MAGIC;
  memory->version = LLT_PROBE_VERSION;
  memory->header_bytes = LLT_RING_HEADER_BYTES;
  memory->lanes = LLT_RING_LANES;
  memory->lane_records = LLT_RING_LANE_RECORDS;
  return Ring(memory);
}

std::uint64_t write(llt_ring_header* ring, std::uint32_t lane, std::uint32_t count, std::uint64_t mark) {
  llt_probe_record group[LLT_RING_LARGEST_GROUP] = {};
  group[0].head.records = static_cast<std::uint8_t>(count);
  group[0].sync.at = mark;
  for (std::uint32_t i = 1; i < count; ++i) group[i].sync.at = mark + i;
  return llt_ring_write(ring, lane, group, count);
}

TEST(ProbeRing, KnowsItsOwnLayoutOnly) {
  const Ring ring = make_ring();
  EXPECT_TRUE(llt_ring_fits(ring.get(), LLT_RING_BYTES));
  EXPECT_FALSE(llt_ring_fits(ring.get(), LLT_RING_BYTES - 1));
  ring->version = LLT_PROBE_VERSION + 1;
  EXPECT_FALSE(llt_ring_fits(ring.get(), LLT_RING_BYTES));
}

TEST(ProbeRing, GivesGroupsWholeAndInOrderPastItsEnd) {
  const Ring ring = make_ring();
  llt_probe_record room[LLT_RING_LARGEST_GROUP];
  for (std::uint64_t i = 0; i < 3 * LLT_RING_LANE_RECORDS; i += 3) {
    ASSERT_EQ(write(ring.get(), 0, 3, i * 10), i / 3 + 1);
    ASSERT_EQ(llt_ring_peek(ring.get(), 0, room), 3u);
    EXPECT_EQ(room[0].sync.at, i * 10);
    EXPECT_EQ(room[2].sync.at, i * 10 + 2);
    llt_ring_take(ring.get(), 0, 3);
  }
  EXPECT_EQ(llt_ring_peek(ring.get(), 0, room), 0u);
}

TEST(ProbeRing, DropsWholeGroupsWhenFullAndTakesNoNumberForThem) {
  const Ring ring = make_ring();
  std::uint64_t kept = 0;
  while (write(ring.get(), 1, 7, 0) != 0) ++kept;
  EXPECT_EQ(kept, LLT_RING_LANES * (LLT_RING_LANE_RECORDS / 7));
  EXPECT_EQ(llt_ring_dropped(ring.get()), 1u);
  EXPECT_EQ(ring->order, kept);
}

TEST(ProbeRing, AWriterTakesAnotherLaneWhenOneIsBusy) {
  const Ring ring = make_ring();
  llt_probe_record room[LLT_RING_LARGEST_GROUP];
  ring->lane[2].busy = 1;
  EXPECT_NE(write(ring.get(), 2, 1, 5), 0u);
  EXPECT_EQ(llt_ring_peek(ring.get(), 2, room), 0u);
  EXPECT_EQ(llt_ring_peek(ring.get(), 3, room), 1u);
  for (auto& lane : ring->lane) lane.busy = 1;
  EXPECT_EQ(write(ring.get(), 2, 1, 5), 0u);
  EXPECT_EQ(llt_ring_dropped(ring.get()), 1u);
}

TEST(ProbeRing, ADamagedLaneIsEmptied) {
  const Ring ring = make_ring();
  llt_probe_record room[LLT_RING_LARGEST_GROUP];
  write(ring.get(), 0, 2, 0);
  llt_ring_record(ring.get(), 0, 0)->head.records = 100;
  EXPECT_EQ(llt_ring_peek(ring.get(), 0, room), UINT32_MAX);
  EXPECT_EQ(llt_ring_peek(ring.get(), 0, room), 0u);
  ring->lane[0].head += 10 * LLT_RING_LANE_RECORDS;
  EXPECT_EQ(llt_ring_peek(ring.get(), 0, room), UINT32_MAX);
}

TEST(ProbeRing, ThreadsWriteWhileOneReads) {
  const Ring ring = make_ring();
  constexpr std::uint64_t kEach = 20'000;
  std::vector<std::thread> writers;
  for (std::uint32_t t = 0; t < 3; ++t) {
    writers.emplace_back([&ring, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) write(ring.get(), t, 2, (i << 2) | t);
    });
  }
  std::uint64_t seen = 0;
  std::vector<bool> orders(3 * kEach + 1);
  const auto drain = [&] {
    llt_probe_record room[LLT_RING_LARGEST_GROUP];
    for (std::uint32_t lane = 0; lane < LLT_RING_LANES; ++lane) {
      while (llt_ring_peek(ring.get(), lane, room) != 0) {
        ASSERT_EQ(room[1].sync.at, room[0].sync.at + 1);
        ASSERT_FALSE(orders[room[0].head.order]);
        orders[room[0].head.order] = true;
        ++seen;
        llt_ring_take(ring.get(), lane, 2);
      }
    }
  };
  while (seen + llt_ring_dropped(ring.get()) < 3 * kEach) drain();
  for (auto& writer : writers) writer.join();
  drain();
  EXPECT_EQ(seen + llt_ring_dropped(ring.get()), 3 * kEach);
  EXPECT_EQ(ring->order, seen);
}

}  // namespace
