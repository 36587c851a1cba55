#include "base/time_slice.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace llt {
namespace {

// As the kernel defines it (linux/sched/types.h); glibc has it only from 2.41 on.
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime_ns;  ///< of SCHED_OTHER: the slice; 0 is the default
  std::uint64_t deadline_ns, period_ns;
  std::uint32_t clamp_min, clamp_max;
};

// What else is set stays. Other policies have no slice, and no niceness.
template <class Change>
void change_attributes(Change change) noexcept {
  SchedulingAttributes now{};
  if (::syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) != 0 || now.policy != SCHED_OTHER) return;
  change(now);
  ::syscall(SYS_sched_setattr, 0, &now, 0);
}

void use_slice(std::uint64_t slice_ns) noexcept {
  change_attributes([&](SchedulingAttributes& now) { now.runtime_ns = slice_ns; });
}

}  // namespace

void use_long_slice() noexcept {
  constexpr std::uint64_t kLongestOfLinux = 100'000'000;
  use_slice(kLongestOfLinux);
}

void use_short_slice() noexcept { use_slice(700'000); }

void use_default_slice() noexcept { use_slice(0); }

void stand_back() noexcept {
  constexpr std::int32_t kSteps = 5;
  change_attributes([](SchedulingAttributes& now) { now.nice = std::min(now.nice + kSteps, 19); });
}

}  // namespace llt
