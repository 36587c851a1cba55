#pragma once
// The engine room's front door: start and watch a llama-server (Supervisor), or watch somebody else's
// server (Watcher). Includes nothing of the gateway or telemetry: the app passes callbacks.

#include "engine/launch.h"      // IWYU pragma: export
#include "engine/snapshot.h"    // IWYU pragma: export
#include "engine/supervisor.h"  // IWYU pragma: export
#include "engine/watcher.h"     // IWYU pragma: export
