#pragma once
// How this process waits for its GPU.

namespace llt::rapids {

/// From now on, and before anything else of CUDA: a thread that waits for the GPU sleeps until the driver
/// wakes it. CUDA's default on a machine with many processors is to look again and again, which takes a core,
/// and its sibling's speed, from the engine; that is a few microseconds quicker. Without a driver nothing
/// happens.
void sleep_while_waiting() noexcept;

}  // namespace llt::rapids
