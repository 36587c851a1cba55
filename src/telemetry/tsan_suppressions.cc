// ThreadSanitizer asks for this in builds that use it; nobody calls it otherwise.

// NOLINTBEGIN(bugprone-reserved-identifier): the name is ThreadSanitizer's
extern "C" const char* __tsan_default_suppressions();

// The SDK's libraries are not built with ThreadSanitizer, so it does not see the spin locks of their metric
// storage and the atomic exchange of their span queue: what passes through them looks like a race. And
// Boost's queue reads the next pointer of a free node that another thread may just have taken; the tagged
// exchange after it then fails, and what was read is thrown away.
extern "C" const char* __tsan_default_suppressions() {
  return "race:libopentelemetry_trace.so\n"
         "race:libopentelemetry_metrics.so\n"
         "race:boost::lockfree::detail::tagged_ptr*extract_ptr\n";
}
// NOLINTEND(bugprone-reserved-identifier)
