#pragma once
// Of Arrow's C device interface: libcudf gives its answers in it.

#include <cudf/interop.hpp>

#include "analytics/gpu/rapids_abi.h"

struct ArrowDeviceArray {
  ArrowArray array;
  std::int64_t device_id;
  ArrowDeviceType device_type;
  void* sync_event;
  std::int64_t reserved[3];
};
