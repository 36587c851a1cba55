#pragma once
// Names in top, perf and gdb that say what a thread does.

#include <pthread.h>

namespace llt {

/// For the calling thread; at most 15 characters.
inline void name_this_thread(const char* name) noexcept { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace llt
