#include "engine/listening_ports.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace llt::engine {
namespace {

namespace fs = std::filesystem;

// The numbers of the process's sockets: its descriptors are links to "socket:[NUMBER]".
std::set<std::string> sockets_of(const fs::path& process) {
  constexpr std::string_view kPrefix = "socket:[";
  std::set<std::string> sockets;
  std::error_code ec;
  for (auto at = fs::directory_iterator(process / "fd", ec); !ec && at != fs::directory_iterator();
       at.increment(ec)) {
    std::error_code ignored;
    const std::string target = fs::read_symlink(at->path(), ignored);
    if (target.starts_with(kPrefix))
      sockets.insert(target.substr(kPrefix.size(), target.size() - kPrefix.size() - 1));
  }
  return sockets;
}

// One line of /proc/PID/net/tcp: "sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
// ...".
void add_if_listening(const std::string& line, const std::set<std::string>& sockets,
                      std::vector<std::uint16_t>& ports) {
  std::istringstream fields(line);
  std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
  fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
  const std::size_t colon = local.rfind(':');
  if (state != "0A" || colon == std::string::npos || !sockets.contains(inode)) return;
  ports.push_back(static_cast<std::uint16_t>(std::strtoul(local.c_str() + colon + 1, nullptr, 16)));
}

}  // namespace

std::vector<std::uint16_t> listening_ports(std::int64_t pid) {
  const fs::path process = "/proc/" + std::to_string(pid);
  const auto sockets = sockets_of(process);
  std::vector<std::uint16_t> ports;
  for (const char* table : {"net/tcp", "net/tcp6"}) {
    std::ifstream file(process / table);
    for (std::string line; std::getline(file, line);) add_if_listening(line, sockets, ports);
  }
  return ports;
}

}  // namespace llt::engine
