#pragma once
// The probe's ring in a folder of its own, as a test reads it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "wire/probe_ring.h"

namespace llt::probe_test {

struct Group {
  std::vector<llt_probe_record> records;
  [[nodiscard]] const llt_probe_record& head() const { return records.front(); }
  [[nodiscard]] std::vector<llt_probe_member> members() const {
    std::vector<llt_probe_member> out;
    for (std::size_t i = 1; i < records.size(); ++i) {
      const auto& part = records[i].members;
      out.insert(out.end(), part.members, part.members + part.count);
    }
    return out;
  }
};

/// The folder that the probe writes to in this process; before the first call into it.
inline std::filesystem::path& probe_folder() {
  static std::filesystem::path folder = [] {
    std::string name = (std::filesystem::temp_directory_path() / "llt-probe-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    setenv("LLAMATELEMETRY_PROBE_DIR", name.c_str(), 1);
    return std::filesystem::path(name);
  }();
  return folder;
}

/// The one ring of this process, mapped; nullptr when there is none.
inline llt_ring_header* open_ring() {
  static llt_ring_header* ring = [] {
    llt_ring_header* found = nullptr;
    for (const auto& entry : std::filesystem::directory_iterator(probe_folder())) {
      const int file = open(entry.path().c_str(), O_RDWR);
      found = static_cast<llt_ring_header*>(
          mmap(nullptr, LLT_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
      close(file);
    }
    return found;
  }();
  return ring;
}

/// Everything written since the last call.
inline std::vector<Group> drain() {
  std::vector<Group> groups;
  llt_ring_header* ring = open_ring();
  for (std::uint32_t lane = 0; lane < LLT_RING_LANES; ++lane) {
    llt_probe_record room[LLT_RING_LARGEST_GROUP];
    while (const std::uint32_t count = llt_ring_peek(ring, lane, room)) {
      if (count == UINT32_MAX) break;
      groups.push_back({{room, room + count}});
      llt_ring_take(ring, lane, count);
    }
  }
  return groups;
}

/// Those of one kind.
inline std::vector<Group> only(const std::vector<Group>& groups, llt_probe_kind kind) {
  std::vector<Group> out;
  for (const Group& group : groups) {
    if (group.head().head.kind == kind) out.push_back(group);
  }
  return out;
}

}  // namespace llt::probe_test
