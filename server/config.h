// The daemon's limits and their file, `--config FILE` (TOML). Everything has a default; unknown keys are
// errors that name their line, so that a misspelt limit is noticed.
//
//   [workers]
//   jobs = 0                  # jobs at the same time; 0: one a core
//   time_limit_seconds = 120  # for one job
//   memory_limit_mib = 4096   # address space of one job
//   output_limit_mib = 1024   # largest file a job may write
//   [uploads]
//   file_limit_mib = 1024     # one input file, artifact or dump
//   publish_limit_mib = 4096  # all artifacts of one ROM
//   files_limit = 20000       # inputs of one link
//   [publish]
//   required_roles = []       # that every set must have besides "elf", e.g. ["map", "sources"]
//   [cache]
//   inputs_limit_mib = 4096   # kept link inputs
//   [archive]
//   signing_key = "k.pem"     # Ed25519; default: the archive's signing-key.pem, made if missing
//   [import]
//   trusted_keys = []         # verifier keys of archives whose bundles are accepted
//   [http]
//   connections_limit = 1000  # at the same time; more are told 503
//   header_limit_kib = 16     # of a request
//   request_seconds = 10      # for a request to arrive
//   idle_seconds = 60         # between two requests of a connection
//   stall_seconds = 30        # for the client to take the next 64 KiB
//   readers = 4               # threads that read the archive
//   [shutdown]
//   drain_seconds = 10        # how long running calls may go on after SIGTERM
#pragma once

#include "base/error.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace romlink::server {

inline constexpr std::uint64_t kMiB = 1 << 20;

struct JobLimits {
  std::chrono::seconds time{120};
  std::uint64_t memoryBytes = 4096 * kMiB;
  std::uint64_t outputBytes = 1024 * kMiB;
};

struct HttpLimits {
  unsigned connections = 1000;
  std::size_t headerBytes = 16 << 10;
  std::chrono::seconds request{10};
  std::chrono::seconds idle{60};
  std::chrono::seconds stall{30};
  unsigned readers = 4;
};

struct Config {
  unsigned jobs = 0; ///< 0: one a core
  JobLimits job;
  std::uint64_t fileBytes = 1024 * kMiB;
  std::uint64_t publishBytes = 4096 * kMiB;
  std::uint64_t linkFiles = 20000;
  std::uint64_t inputCacheBytes = 4096 * kMiB;
  HttpLimits http;
  std::vector<std::string> trustedKeys;   ///< verifier keys of archives whose bundles are accepted
  std::vector<std::string> requiredRoles; ///< that every published set must have, besides "elf"
  std::chrono::seconds drain{10};
  std::filesystem::path signingKey; ///< empty: the archive's own
};

/// Usage: not TOML, an unknown key, or a value out of range; the error names file and line. Malformed:
/// unreadable.
Result<Config> readConfig(const std::filesystem::path& file);

} // namespace romlink::server
