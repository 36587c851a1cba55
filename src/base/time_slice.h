#pragma once
// Who goes first when two threads want one processor.
//
// Linux (from 6.12 on) lets a thread that wakes up run at once only when it would have to be done before the
// one that runs, and that depends on how long each may run at a stretch: 1 to 3 ms for every thread, by
// default. So a thread that writes for 20 ms makes a request that just arrived wait until the next tick, 4 ms
// on many kernels. With a long slice it is done later than whoever wakes up, and gives way at once; its share
// of the processor stays the same. Older kernels ignore this. See sched_setattr(2) and
// Documentation/scheduler/sched-eevdf.rst.

#include <cstdint>

namespace llt {

/// For the calling thread and the threads and processes that it makes from now on. Whatever the kernel thinks
/// of it, nothing fails. Async-signal-safe.
void use_long_slice() noexcept;
/// For a thread that works for microseconds at a time, and is waited for: it goes before those with a slice
/// as usual, the engine's too, as long as it takes no more than its share.
void use_short_slice() noexcept;
void use_default_slice() noexcept;

/// Five steps nicer: a third of the processor beside a thread that is not, while both want it, and all of it
/// otherwise. For the calling thread and those that it makes from now on; only a privileged process could
/// take it back. Whoever answers a request has none of it.
void stand_back() noexcept;

}  // namespace llt
