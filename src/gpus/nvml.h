#pragma once
// The part of NVML, the NVIDIA driver's own library, that is used here: opened at run time, so that neither
// its header nor the driver is needed. Layouts and values are NVML's stable ABI (nvml.h of CUDA 13).

#include <cstdint>
#include <string>

namespace llt::gpus::nvml {

using Return = int;
using Device = struct DeviceTag*;
using EventSet = struct EventSetTag*;

inline constexpr Return kSuccess = 0;
inline constexpr Return kInsufficientSize = 7;
inline constexpr std::uint64_t kMemoryUnknown = ~std::uint64_t{0};

struct Utilization {
  unsigned gpu, memory;  ///< percent of the driver's sampling interval
};
struct Memory {
  unsigned long long total, free, used;
};
struct Memory2 {
  unsigned version;
  unsigned long long total, reserved, free, used;
};
inline constexpr unsigned kMemory2Version = sizeof(Memory2) | (2u << 24);
struct Process {
  unsigned pid;
  unsigned long long used_memory;
  unsigned gpu_instance, compute_instance;
};
struct EventData {
  Device device;
  unsigned long long type, data;
  unsigned gpu_instance, compute_instance;
};
inline constexpr unsigned long long kEventXid = 0x8;

struct FieldValue {
  unsigned field, scope;
  long long timestamp, latency;
  unsigned value_type;
  Return result;
  union {
    double real;
    unsigned whole;
    unsigned long whole_long;
    unsigned long long whole_64;
    long long signed_64;
  } value;
};
static_assert(sizeof(FieldValue) == 40);
enum ValueType : unsigned { kDouble = 0, kUnsigned = 1, kUnsignedLong = 2, kUnsigned64 = 3, kSigned64 = 4 };
enum Field : unsigned {
  kNvlinkTransmitKib = 138,
  kNvlinkReceiveKib = 139,
  kPcieTransmitBytes = 197,
  kPcieReceiveBytes = 198
};
inline constexpr unsigned kAllLinks = ~0u;

enum Clock : unsigned { kSmClock = 1, kMemoryClock = 2 };
enum PcieDirection : unsigned { kPcieTransmit = 0, kPcieReceive = 1 };
enum EccKind : unsigned { kCorrected = 0, kUncorrected = 1 };
inline constexpr unsigned kSinceDriverLoad = 0;
inline constexpr unsigned kGpuSensor = 0;

/// The library, loaded and initialised once for the life of the process. Functions that this driver lacks are
/// null. NVML is thread-safe.
class Library {
 public:
  /// Loads it at the first call.
  static const Library& get();

  [[nodiscard]] bool usable() const noexcept { return usable_; }
  /// Why it is not.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  [[nodiscard]] std::string explain(Return code) const;

  // Always there when usable.
  Return (*init)() = nullptr;
  Return (*driver_version)(char*, unsigned) = nullptr;
  Return (*count)(unsigned*) = nullptr;
  Return (*by_index)(unsigned, Device*) = nullptr;
  Return (*name)(Device, char*, unsigned) = nullptr;
  Return (*uuid)(Device, char*, unsigned) = nullptr;
  Return (*memory)(Device, Memory*) = nullptr;
  // Maybe null.
  Return (*memory2)(Device, Memory2*) = nullptr;
  Return (*capability)(Device, int*, int*) = nullptr;
  Return (*processes)(Device, unsigned*, Process*) = nullptr;
  Return (*utilization)(Device, Utilization*) = nullptr;
  Return (*power)(Device, unsigned*) = nullptr;                      ///< milliwatts
  Return (*energy)(Device, unsigned long long*) = nullptr;           ///< millijoules since driver load
  Return (*temperature)(Device, unsigned, unsigned*) = nullptr;      ///< Celsius
  Return (*clock)(Device, unsigned, unsigned*) = nullptr;            ///< MHz
  Return (*pcie_throughput)(Device, unsigned, unsigned*) = nullptr;  ///< KB/s; takes 20 ms
  Return (*throttle_reasons)(Device, unsigned long long*) = nullptr;
  Return (*ecc_errors)(Device, unsigned, unsigned, unsigned long long*) = nullptr;
  Return (*fields)(Device, int, FieldValue*) = nullptr;
  Return (*create_events)(EventSet*) = nullptr;
  Return (*register_events)(Device, unsigned long long, EventSet) = nullptr;
  Return (*wait_event)(EventSet, EventData*, unsigned) = nullptr;

 private:
  Library();
  template <class Function>
  bool resolve(Function& function, const char* symbol);
  bool resolve_needed();
  void resolve_optional();

  void* library_;
  const char* (*error_string_)(Return) = nullptr;
  std::string problem_;
  bool usable_ = false;
};

}  // namespace llt::gpus::nvml
