// The plan: for every section of the firmware one decision with its reason, what a person's word was taken
// for, what each obstacle costs, and which waivers would pay. Plain data.
#pragma once

#include "relink/match/proof.h"
#include "relink/plan/shared_state.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

enum class Evidence {
  None,
  Identical,     ///< proved
  SameSource,    ///< compiled from the same source
  ApiCompatible, ///< accepted by the policy
};

struct Decision {
  bool shared = false;
  Evidence evidence =
      Evidence::None; ///< how the ROM's copy is known to be equivalent, whether it is used or not
  Reason reason = Reason::None;
  std::string detail;
  std::optional<Address>
      romAddress; ///< of the section's start: where it is shared, or where the ROM's counterpart is

  /// REQUIRES: shared.
  [[nodiscard]] Address sharedAt() const { return romAddress.value_or(0); }
};

/// The first place where two copies differ, for a person to judge.
struct SymbolDifference {
  std::string symbol;
  std::uint32_t offset = 0; ///< bytes from the start of its section
  std::string summary;
  bool typesUnchecked = false; ///< nothing tells the types on both sides
  std::string romListing;      ///< disassembly around it
  std::string firmwareListing;
};

struct Blocker {
  std::vector<std::string> members; ///< more than one: a set that pays together
  Reason reason = Reason::None;     ///< of the first
  std::uint32_t priceBytes = 0;     ///< what would be shared besides if it were gone, its dependents included
  std::uint32_t unlockedSymbols = 0;
  std::string remedy;
  std::string detail;
};

/// A section that is shared on a person's word.
struct AcceptedShare {
  SectionId section = 0;
  Acceptance acceptance;
  SymbolDifference difference;
  std::vector<SectionId> dependents; ///< shared as IDENTICAL, and resting on it
};

/// A writable section that is the ROM's.
struct StateShare {
  SectionId section = 0;
  StateWish wish;
};

struct Suggestion {
  std::vector<std::string> symbols;
  std::uint32_t gainBytes = 0;
  std::uint32_t unlockedSymbols = 0;
  std::vector<SymbolDifference> differences;
};

struct Plan {
  std::vector<Decision> sections; ///< one for each section of the firmware
  std::vector<Blocker> blockers;  ///< by price, highest first
  std::vector<AcceptedShare> accepted;
  std::vector<StateShare> states;
  std::vector<Suggestion> suggestions;
  std::vector<std::string> notes; ///< on rules of the policy that had no effect, one line each
  std::uint32_t veneers = 0;      ///< that calls of the ROM need

  [[nodiscard]] bool reinitsAnything() const;
};

struct PlanQuestion {
  const Firmware& firmware;
  const RomImage& rom;
  const Proof& proof;
  const Policy& policy;
  std::string romImageHash;
  bool suggestWaivers = false;
  std::function<Objection(SectionId section, Address base)> objects; ///< as ProofTerms'; may be empty
};

[[nodiscard]] Plan decide(const PlanQuestion& question);

/// Nothing is shared: each decision that shares becomes local for `reason`.
void shareNothing(Plan& plan, Reason reason, const std::string& detail);

} // namespace romlink::relink
