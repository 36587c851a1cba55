#pragma once
// What the calling thread is called.

#include <pthread.h>

namespace llt {

/// The name in top, perf and gdb; at most 15 characters.
inline void name_this_thread(const char* name) noexcept { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace llt
