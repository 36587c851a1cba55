#pragma once
// Opens the RAPIDS libraries, whose search paths do not reach one another.

#include <string>

namespace llt::rapids {

/// The version that the C API was compiled for; its signatures move.
inline constexpr const char* kWantedVersion = "26.10";

struct Libraries {
  void* cugraph = nullptr;  ///< libcugraph_c.so
  void* cudart = nullptr;
  std::string version;
  std::string problem;  ///< in words; empty when all is open
};

/// `folders`: colon-separated; each a folder with the libraries themselves, or a Python site-packages folder.
[[nodiscard]] Libraries open_libraries(const std::string& folders);

}  // namespace llt::rapids
