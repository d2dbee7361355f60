// The archived ROMs that an advisory affects: those that it names, and those that contain the code of one
// that it names.
#pragma once

#include "base/error.h"
#include "romlink/v1/audit.pb.h"
#include "romlink/worker/job.pb.h"
#include "server/services.h"
#include "store/archive.h"

#include <vector>

namespace romlink::server {

class Call;
using Findings = google::protobuf::RepeatedPtrField<v1::Finding>;

struct AffectedRom {
  store::RomRecord rom;
  std::vector<v1::AffectedSymbol> symbols; ///< by symbol, address
};

/// By name, version. ROMs of an older archive get their index first. What could not be looked at is a
/// finding, not a silent pass: a ROM that cannot be read, a defect without a known body. Unavailable: the
/// call was cancelled.
Result<std::vector<AffectedRom>> affectedRoms(Services& services, Call& call, const store::Advisory& advisory,
                                              Findings& findings);

void addFinding(Findings& findings, v1::Finding::Severity severity, const char* code, std::string message,
                std::string symbol = {});

/// Findings for the defects that the ROM's own boot runs, and for those that it does not.
void describeDefects(const store::RomTitle& rom, const std::vector<v1::AffectedSymbol>& symbols,
                     Findings& findings);

/// A finding if functions of the ROM have no known body: defective code is not found in them.
void describeUnknownBodies(const store::Archive::Bodies& bodies, Findings& findings);

} // namespace romlink::server
