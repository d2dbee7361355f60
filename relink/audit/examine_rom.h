// examineRom(): what advisories mean for one ROM, and what the ROM offers. Runs in a worker process: it reads
// the ROM's index.
//
// A defect is a function or object that an advisory names in this ROM, or a function whose body is that of
// one named in another ROM (image/body_digest.h). Of each: the way on which the ROM's own boot reaches it,
// which no relink can repair, and the ROM functions that reach it. Of each address that firmware uses: the
// way from there to each advisory's nearest defect.
#pragma once

#include "relink/relinker.h"
#include "romlink/v1/audit.pb.h"

namespace romlink::relink {

struct DefectiveBody {
  std::string advisory;
  Digest digest;
  auto operator<=>(const DefectiveBody&) const = default;
};

struct ExamineJob {
  RomReference rom; ///< `defects`: those that name this ROM
  Address entry = 0;
  std::vector<DefectiveBody> bodies; ///< named in any ROM
  std::vector<std::string> names;    ///< to look up
  std::vector<Address> from;         ///< what firmware uses of the ROM
  std::filesystem::path policy;      ///< whose waivers accept defects; empty: none does
  bool listOffered = false;          ///< and flags
};

struct NamedSymbol {
  std::string name;
  Address address = 0;
  std::uint32_t size = 0;
  std::optional<Digest> body;
};

struct LookUp {
  std::string name;
  std::vector<NamedSymbol>
      symbols; ///< static ones of one name are several, and parts that compilers split off
  std::vector<std::string> similar; ///< if there is none: names that it may be meant for, the nearest first
};

/// A way from what firmware uses to defective code.
struct Reach {
  Address from = 0;
  std::string advisory;
  std::vector<std::string> path; ///< names, `from` and the defect included
  bool accepted = false;         ///< waivers of the policy name the advisory of each defect that it reaches
};

struct Examination {
  std::vector<LookUp> lookUps;
  std::vector<romlink::v1::AffectedSymbol> affected; ///< without `rom`; by symbol, address, advisory
  std::vector<Reach> reaches;                        ///< by address, then advisory
  std::vector<romlink::v1::OfferedSymbol> offered;   ///< by address; without uses and advisories
  std::vector<romlink::v1::RomFlag> flags;           ///< as describeFlags() gives them
};

/// Malformed: the index. Usage: the policy.
Result<Examination> examineRom(const ExamineJob& job);

} // namespace romlink::relink
