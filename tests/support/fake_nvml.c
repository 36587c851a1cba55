// A libnvidia-ml.so.1 that says what the file $FAKE_NVML says, read anew at every call. Lines:
//   gpu TOTAL USED RESERVED UTILIZATION% ACTIVITY% MILLIWATTS MILLIJOULES CELSIUS SM_MHZ MEMORY_MHZ THROTTLE
//   process GPU PID BYTES        (BYTES of 0: the driver does not tell)
//   lost GPU                     (every question about it fails, as when it has fallen off the bus)
// For what a machine without GPUs cannot produce: placements, wrong processes, lost cards. It proves that
// numbers arrive where they should, never that they are right.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMost = 8, kLost = 15, kInvalid = 2, kInsufficient = 7, kUnsupported = 3 };
struct gpu {
  unsigned long long total, used, reserved, utilization, activity, power, energy, celsius, sm, memory,
      throttle;
  int lost;
};
struct process {
  unsigned gpu, pid;
  unsigned long long bytes;
};
struct state {
  struct gpu gpus[kMost];
  unsigned count;
  struct process processes[64];
  unsigned process_count;
};

static struct state read_state(void) {
  struct state s = {0};
  const char* path = getenv("FAKE_NVML");
  FILE* file = path != NULL ? fopen(path, "r") : NULL;
  char line[512];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    struct gpu g = {0};
    struct process p = {0};
    unsigned index;
    if (sscanf(line, "gpu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu", &g.total, &g.used,
               &g.reserved, &g.utilization, &g.activity, &g.power, &g.energy, &g.celsius, &g.sm, &g.memory,
               &g.throttle) == 11 &&
        s.count < kMost) {
      s.gpus[s.count++] = g;
    } else if (sscanf(line, "process %u %u %llu", &p.gpu, &p.pid, &p.bytes) == 3 && s.process_count < 64) {
      s.processes[s.process_count++] = p;
    } else if (sscanf(line, "lost %u", &index) == 1 && index < kMost) {
      s.gpus[index].lost = 1;
    }
  }
  if (file != NULL) fclose(file);
  return s;
}

// A device is its index plus one.
static int find(void* device, struct gpu* out) {
  const uintptr_t index = (uintptr_t)device - 1;
  const struct state s = read_state();
  if (index >= s.count) return kInvalid;
  *out = s.gpus[index];
  return out->lost ? kLost : 0;
}

int nvmlInit_v2(void) { return 0; }
const char* nvmlErrorString(int code) { return code == kLost ? "GPU is lost" : "error"; }
int nvmlSystemGetDriverVersion(char* text, unsigned size) { return snprintf(text, size, "580.00") < 0; }
int nvmlDeviceGetCount_v2(unsigned* count) { return *count = read_state().count, 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  return *device = (void*)(uintptr_t)(index + 1), 0;
}
int nvmlDeviceGetName(void* device, char* text, unsigned size) {
  return (void)device, snprintf(text, size, "Tesla T4") < 0;
}
int nvmlDeviceGetUUID(void* device, char* text, unsigned size) {
  return snprintf(text, size, "GPU-fake-%u", (unsigned)(uintptr_t)device - 1) < 0;
}
int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* memory) {
  struct gpu g;
  const int code = find(device, &g);
  if (code != 0) return code;
  memory[0] = g.total, memory[1] = g.total - g.used - g.reserved, memory[2] = g.used + g.reserved;
  return 0;
}
int nvmlDeviceGetCudaComputeCapability(void* device, int* major, int* minor) {
  return (void)device, *major = 7, *minor = 5, 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, void* out) {
  struct {
    unsigned pid;
    unsigned long long used;
    unsigned instance, compute;
  }* list = out;
  const struct state s = read_state();
  unsigned found = 0;
  for (unsigned i = 0; i < s.process_count; ++i) {
    if (s.processes[i].gpu != (unsigned)(uintptr_t)device - 1) continue;
    if (found == *count) return kInsufficient;
    list[found].pid = s.processes[i].pid;
    list[found].used = s.processes[i].bytes != 0 ? s.processes[i].bytes : ~0ull;
    ++found;
  }
  *count = found;
  return 0;
}

#ifndef ONLY_THE_NEEDED
int nvmlDeviceGetMemoryInfo_v2(void* device, void* out) {
  struct {
    unsigned version;
    unsigned long long total, reserved, free, used;
  }* memory = out;
  struct gpu g;
  const int code = find(device, &g);
  if (code != 0) return code;
  memory->total = g.total, memory->reserved = g.reserved, memory->used = g.used;
  return 0;
}
int nvmlDeviceGetUtilizationRates(void* device, unsigned* rates) {
  struct gpu g;
  const int code = find(device, &g);
  return code != 0 ? code : (rates[0] = (unsigned)g.utilization, rates[1] = (unsigned)g.activity, 0);
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  struct gpu g;
  const int code = find(device, &g);
  return code != 0 ? code : (*milliwatts = (unsigned)g.power, 0);
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  struct gpu g;
  const int code = find(device, &g);
  return code != 0 ? code : (*millijoules = g.energy, 0);
}
int nvmlDeviceGetTemperature(void* device, unsigned sensor, unsigned* celsius) {
  struct gpu g;
  const int code = sensor == 0 ? find(device, &g) : kUnsupported;
  return code != 0 ? code : (*celsius = (unsigned)g.celsius, 0);
}
int nvmlDeviceGetClockInfo(void* device, unsigned kind, unsigned* megahertz) {
  struct gpu g;
  const int code = find(device, &g);
  return code != 0 ? code : (*megahertz = (unsigned)(kind == 1 ? g.sm : g.memory), 0);
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* reasons) {
  struct gpu g;
  const int code = find(device, &g);
  return code != 0 ? code : (*reasons = g.throttle, 0);
}
#endif
