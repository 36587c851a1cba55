#pragma once
// Opens the RAPIDS libraries, whose search paths do not reach one another.

#include <string>

#include "analytics/gpu/rapids_abi.h"

namespace llt::rapids {

/// The version that the plugin was compiled for; signatures move.
inline constexpr const char* kWantedVersion = "26.10";

struct Libraries {
  void* work = nullptr;  ///< libcugraph_c.so, libcudf.so or libcuvs_c.so
  void* cudart = nullptr;
  std::string version;
  std::string problem;  ///< in words; empty when all is open
};

/// `folders`: colon-separated; each a folder with the libraries themselves, or a Python site-packages folder.
[[nodiscard]] Libraries open_libraries(const std::string& folders, llt_rapids_work work);

/// Opens a library of ours that lies beside the plugin and needs those of RAPIDS to be open.
/// nullptr where it is not there or does not fit them; `why` says what.
[[nodiscard]] void* open_beside(const char* name, std::string& why);

}  // namespace llt::rapids
