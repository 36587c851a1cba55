#include "telemetry/steps/probe_rings.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "base/losses.h"

namespace llt::telemetry {
namespace {

constexpr SteadyNs kLookIntervalNs = 250'000'000;
// A record that has its number but is not there yet is being written: as long as this it is waited for.
constexpr SteadyNs kLongestGapNs = 1'000'000'000;

// Field 22 of /proc/PID/stat; nothing when there is no such process.
std::optional<std::uint64_t> start_ticks(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::size_t at = text.rfind(')');
  for (int field = 2; at != std::string::npos && field < 22; ++field) at = text.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  return std::strtoull(text.c_str() + at, nullptr, 10);
}

}  // namespace

class ProbeRings::Ring {
 public:
  /// nullptr: not a ring that we can read, or another gateway reads it.
  static std::unique_ptr<Ring> open(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return nullptr;
    auto ring = std::unique_ptr<Ring>(new Ring(path, file));
    struct stat about {};
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != geteuid()) return nullptr;
    if (about.st_size < static_cast<off_t>(LLT_RING_BYTES) || flock(file, LOCK_EX | LOCK_NB) != 0)
      return nullptr;
    void* memory = mmap(nullptr, LLT_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) return nullptr;
    ring->header_ = static_cast<llt_ring_header*>(memory);
    if (!llt_ring_fits(ring->header_, LLT_RING_BYTES)) return nullptr;
    ring->engine_ = {ring->header_->id, ring->header_->pid};
    ring->start_ticks_ = ring->header_->pid_start_ticks;
    ring->dropped_ = ring->header_->read_drops;
    return ring;
  }
  ~Ring() {
    if (header_ != nullptr) munmap(header_, LLT_RING_BYTES);
    close(file_);  // and with it the lock
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  [[nodiscard]] const ProbedEngine& engine() const noexcept { return engine_; }
  [[nodiscard]] bool process_lives() const { return start_ticks(engine_.pid) == start_ticks_; }
  void remove() const { unlink(path_.c_str()); }

  /// Gives on what is there, in order over the lanes. False: nothing was.
  template <class Take>
  bool read(SteadyNs now, Take take) {
    count_drops();
    bool any = false;
    while (const auto next = first_waiting()) {
      const auto [lane, count, order] = *next;
      if (order > last_ + 1 && last_ != 0 && !gap_is_over(now)) break;
      gap_since_ = 0;
      last_ = order;
      take(std::span<const llt_probe_record>(groups_[lane].data(), count));
      llt_ring_take(header_, lane, count);
      any = true;
    }
    return any;
  }

 private:
  struct Waiting {
    std::uint32_t lane, count;
    std::uint64_t order;
  };

  Ring(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}

  std::optional<Waiting> first_waiting() {
    std::optional<Waiting> first;
    for (std::uint32_t lane = 0; lane < LLT_RING_LANES; ++lane) {
      const std::uint32_t count = llt_ring_peek(header_, lane, groups_[lane].data());
      if (count == UINT32_MAX) count_loss(Loss::probe_records_invalid);
      if (count == 0 || count == UINT32_MAX) continue;
      const std::uint64_t order = groups_[lane][0].head.order;
      if (!first || order < first->order) first = Waiting{lane, count, order};
    }
    return first;
  }

  bool gap_is_over(SteadyNs now) {
    if (gap_since_ == 0) gap_since_ = now;
    return now - gap_since_ > kLongestGapNs;
  }

  // The count stands in the ring, so that the next gateway does not count again.
  void count_drops() {
    const std::uint64_t dropped = llt_ring_dropped(header_);
    if (dropped <= dropped_) return;
    count_loss(Loss::probe_steps_dropped, dropped - dropped_);
    dropped_ = header_->read_drops = dropped;
  }

  const std::filesystem::path path_;
  const int file_;
  llt_ring_header* header_ = nullptr;
  ProbedEngine engine_;
  std::uint64_t start_ticks_ = 0, dropped_ = 0, last_ = 0;
  SteadyNs gap_since_ = 0;
  std::array<std::array<llt_probe_record, LLT_RING_LARGEST_GROUP>, LLT_RING_LANES> groups_{};
};

ProbeRings::ProbeRings(std::filesystem::path folder, Callbacks callbacks)
    : folder_(std::move(folder)), callbacks_(std::move(callbacks)) {}

ProbeRings::~ProbeRings() = default;

void ProbeRings::poll(SteadyNs now, bool look) {
  look = look || looked_ == 0 || now - looked_ >= kLookIntervalNs;
  if (look) look_for_new();
  for (const auto& [name, ring] : rings_) {
    ring->read(now,
               [&](std::span<const llt_probe_record> group) { callbacks_.on_group(ring->engine(), group); });
  }
  if (look) remove_ended(now);
  if (look) looked_ = now;
}

void ProbeRings::look_for_new() {
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ec)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("engine-") || !name.ends_with(".ring") || rings_.contains(name)) continue;
    auto ring = Ring::open(entry.path());
    if (ring == nullptr) continue;
    callbacks_.on_found(ring->engine());
    rings_.emplace(name, std::move(ring));
  }
}

void ProbeRings::remove_ended(SteadyNs now) {
  for (auto at = rings_.begin(); at != rings_.end();) {
    Ring& ring = *at->second;
    if (ring.process_lives()) {
      ++at;
      continue;
    }
    // What it wrote between the last reading and its end.
    ring.read(now + kLongestGapNs,
              [&](std::span<const llt_probe_record> group) { callbacks_.on_group(ring.engine(), group); });
    callbacks_.on_gone(ring.engine());
    ring.remove();
    at = rings_.erase(at);
  }
}

}  // namespace llt::telemetry
