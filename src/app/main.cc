#include "app/cli.h"

/// Read by jemalloc when the program starts (jemalloc(3), TUNING). What large buffers held goes back to the
/// system when they are freed, so that a passing huge body does not stay; small memory is kept for a second.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "oversize_threshold:1048576,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

int main(int argc, char** argv) { return llt::app::run(argc, argv); }
