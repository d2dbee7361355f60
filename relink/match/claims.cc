#include "relink/match/claims.h"

#include "relink/match/concession.h"
#include "relink/match/defect_reach.h"
#include "relink/match/references.h"
#include "relink/match/same_source.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/Support/Endian.h>
#include <unordered_map>

namespace romlink::relink {
namespace {

class Collector {
public:
  Collector(const Firmware& firmware, const RomImage& rom, const ProofTerms& terms)
      : firmware_(firmware), rom_(rom), terms_(terms),
        read_([&romImage = rom](Address a, std::uint32_t size) { return romImage.readOnly(a, size, false); }),
        concessions_(firmware, rom, terms.sharedRam, terms.defects,
                     {[this](SectionId section, Address base) { return claim(section, base); },
                      [this](ClaimId id) { return claims_[id].ownReason == Reason::None; }}),
        sameSource_(firmware, rom, terms, concessions_) {}

  std::vector<Claim> run() {
    claims_.reserve(firmware_.sections.size() + firmware_.sections.size() / 4);
    known_.reserve(claims_.capacity());
    for (SectionId id = 0; id < firmware_.sections.size(); ++id)
      seed(id);
    for (ClaimId id = 0; id < claims_.size(); ++id) { // grows on the way
      if (claims_[id].ownReason == Reason::None)
        follow(id);
      if (claims_[id].ownReason != Reason::None && claims_[id].named)
        concede(id);
    }
    for (ClaimId id = 0; id < claims_.size(); ++id)
      for (const Claim::Need& need : claims_[id].needs)
        claims_[need.claim].neededBy.push_back(id);
    return std::move(claims_);
  }

private:
  void seed(SectionId id) {
    const LiveSection& live = firmware_.sections[id];
    for (const SectionSymbol& symbol : live.symbols)
      for (const Address address : rom_.addressesOf(symbol.name, symbol.function))
        claims_[claim(id, address - symbol.offset)].named = true;
  }

  ClaimId claim(SectionId section, Address base) {
    const auto [entry, isNew] =
        known_.try_emplace(std::uint64_t{section} << 32 | base, static_cast<ClaimId>(claims_.size()));
    if (isNew) {
      Claim made;
      made.section = section;
      made.base = base;
      compare(made);
      findDefects(made);
      claims_.push_back(std::move(made));
    }
    return entry->second;
  }

  static void refuse(Claim& claim, Reason reason, std::string detail) {
    if (claim.ownReason != Reason::None)
      return;
    claim.ownReason = reason;
    claim.ownDetail = std::move(detail);
  }

  /// Defective code is not the firmware's, whatever the bytes say.
  void findDefects(Claim& claim) const {
    const AddressRange range{claim.base, firmware_.sections[claim.section].elf().size};
    for (const Defect& defect : terms_.defects) {
      const auto entity = rom_.entityAt(defect.address);
      const bool meant = range.contains(defect.address) || (entity && entity->contains(claim.base));
      if (!meant || claim.ownReason == Reason::NotSeparable || terms_.kept[claim.section].byPlace)
        continue;
      claim.advisories.push_back(defect.advisory);
      claim.ownReason = Reason::Fixed;
      claim.ownDetail = fmt::format("{} names the ROM's {} as defective{}{}", defect.advisory, defect.symbol,
                                    defect.summary.empty() ? "" : ": ", defect.summary);
    }
    std::sort(claim.advisories.begin(), claim.advisories.end());
  }

  /// Everything that the claim's own bytes decide.
  void compare(Claim& claim) const {
    const LiveSection& live = firmware_.sections[claim.section];
    const Section& section = live.elf();
    if (!live.unusable.empty())
      return refuse(claim, Reason::NotSeparable, live.unusable);
    if (const Kept& kept = terms_.kept[claim.section]; kept.byPlace)
      return refuse(claim, kept.reason, kept.detail);
    if (section.isWritable())
      return compareState(claim, live);
    if (section.data.size() != section.size)
      return refuse(claim, Reason::NotSeparable, "it has no contents to compare");
    if (rom_.isWritable(claim.base))
      return refuse(claim, Reason::StateNotShared, "the ROM has writable data in its place");
    if (claim.base % section.alignment != 0)
      return refuse(
          claim, Reason::Changed,
          fmt::format("the ROM's copy at {:#010x} is not aligned to {}", claim.base, section.alignment));
    if (claim.base == 0 && !section.isExecutable())
      return refuse(claim, Reason::NotInRom,
                    "the ROM has it at address 0, where its address is a null pointer");
    if (((claim.base ^ live.address) & 2) != 0 && section.alignment < 4 && live.facts().mayReadBesidePc)
      return refuse(
          claim, Reason::Changed,
          fmt::format("it reads relative to the program counter, and the ROM's copy at {:#010x} has another "
                      "alignment to 4",
                      claim.base));
    const Bytes theirs = rom_.readOnly(claim.base, section.size, section.isExecutable());
    if (theirs.size() != section.size)
      return refuse(claim, Reason::NotInRom,
                    fmt::format("the ROM has no {} bytes of {} at {:#010x}", section.size,
                                section.isExecutable() ? "code" : "constant data", claim.base));
    claim.differsAt = firstDifference(section, withEqualCallsOfNothing(live, theirs, scratch_));
    if (claim.differsAt)
      return refuse(claim, Reason::Changed,
                    fmt::format("differs at +{:#x}: ROM {:#06x}, firmware {:#06x}", *claim.differsAt,
                                halfword(theirs, *claim.differsAt),
                                halfword(section.data, *claim.differsAt)));
  }

  /// Writable data: the ROM's objects, one for one, in the shared RAM.
  void compareState(Claim& claim, const LiveSection& live) const {
    const AddressRange range{claim.base, live.elf().size};
    const auto& declared = terms_.sharedRam ? terms_.sharedRam : rom_.sharedRam();
    if (declared && !declared->contains(range))
      return refuse(claim, Reason::StateNotShared,
                    fmt::format("it is writable data that the ROM has at {:#010x}, outside of the shared RAM",
                                claim.base));
    if (!terms_.sharedRam)
      return refuse(claim, Reason::StateNotShared, "it is writable data: " + terms_.whyNoState);
    if (claim.base == 0)
      return refuse(claim, Reason::StateNotShared,
                    "the ROM has it at address 0, where its address is a null pointer");
    if (claim.base % live.elf().alignment != 0)
      return refuse(
          claim, Reason::StateNotShared,
          fmt::format("the ROM's object at {:#010x} is not aligned to {}", claim.base, live.elf().alignment));
    for (const SectionSymbol& symbol : live.symbols)
      if (!hasObject({claim.base + symbol.offset, symbol.size}))
        return refuse(claim, Reason::StateNotShared,
                      fmt::format("the ROM has no object of {} bytes at {:#010x}", symbol.size,
                                  claim.base + symbol.offset));
    if (live.symbols.empty())
      return refuse(claim, Reason::StateNotShared, "it is writable data without a name");
    std::uint32_t end = 0; // of the objects so far; between them is nothing but padding
    for (const SectionSymbol& symbol : live.symbols) {
      if (symbol.offset >= std::uint64_t{end} + live.elf().alignment)
        break;
      end = std::max(end, symbol.offset + symbol.size);
    }
    if (live.elf().size >= std::uint64_t{end} + live.elf().alignment)
      return refuse(claim, Reason::StateNotShared,
                    fmt::format("its bytes from +{:#x} on belong to no object", end));
    if (const Kept& kept = terms_.kept[claim.section]; kept.reason != Reason::None)
      return refuse(claim, Reason::StateNotShared, kept.detail);
    if (const Defect* defect = defectReachedFrom(rom_, terms_.defects, range))
      return refuse(claim, Reason::StateNotShared,
                    fmt::format("the value that the ROM gives it leads to {}, which {} names as defective",
                                defect->symbol, defect->advisory));
  }

  [[nodiscard]] bool hasObject(const AddressRange& range) const {
    const RomSymbol* symbol = rom_.symbolAt(range.address);
    return symbol != nullptr && !symbol->function && AddressRange{symbol->address, symbol->size} == range;
  }

  /// What would have to hold for a person's word, and whether that was given.
  void concede(ClaimId id) {
    const SectionId section = claims_[id].section;
    const Address base = claims_[id].base;
    if (!isDifference(claims_[id].ownReason))
      return;
    auto concession = concessions_.of(section, base); // may add claims
    Claim& claim = claims_[id];
    claim.concession = std::move(concession);
    const Objection objection = terms_.objects ? terms_.objects(section, base) : Objection{};
    if (objection.reason != Reason::None) {
      claim.concession->whyNot = objection.detail;
      if (claim.ownReason != Reason::Fixed) {
        claim.ownReason = objection.reason;
        claim.ownDetail = objection.detail;
      }
    }
    if (objection.reason == Reason::None && concedeSameSource(id, objection))
      return;
    takeWord(claims_[id], objection);
  }

  /// True if the policy lets equal source stand for equal code, and that holds. A waiver goes before it.
  bool concedeSameSource(ClaimId id, const Objection& objection) {
    const SectionId section = claims_[id].section;
    const Address base = claims_[id].base;
    const auto& symbols = firmware_.sections[section].symbols;
    const auto isAllowed = [&](const SectionSymbol& symbol) {
      const auto word = terms_.accepts ? terms_.accepts(symbol, {}) : std::nullopt;
      return terms_.acceptsSameSource(symbol) && !(word && word->rule == Acceptance::Rule::Waive);
    };
    if (!terms_.acceptsSameSource || !claims_[id].advisories.empty() ||
        std::none_of(symbols.begin(), symbols.end(), isAllowed))
      return false;
    auto same = sameSource_.of(section, base); // may add claims
    if (!same)
      return false;
    if (same->whyNot.empty() && !objection.typesChecked)
      same->whyNot = "its types cannot be compared (" + objection.whyUnchecked + ")";
    if (same->whyNot.empty() && !objection.unlessEqual.empty())
      same->whyNot = "only equal code counts, because of flags: " + objection.unlessEqual;
    Claim& claim = claims_[id];
    if (!same->whyNot.empty()) {
      claim.whyNotSameSource = same->whyNot;
      return false;
    }
    claim.needs = same->needs;
    claim.concession = std::move(same);
    claim.accepted = Acceptance{Acceptance::Rule::SameSource, "both were built from one source", false};
    return true;
  }

  /// What a person's word does for the claim.
  void takeWord(Claim& claim, const Objection& objection) {
    const SectionId section = claim.section;
    const Address base = claim.base;
    if (!claim.concession->whyNot.empty() || !terms_.accepts)
      return;
    for (const SectionSymbol& symbol : firmware_.sections[section].symbols) {
      const auto addresses = rom_.addressesOf(symbol.name, symbol.function);
      if (std::find(addresses.begin(), addresses.end(), base) == addresses.end())
        continue;
      if (auto accepted = terms_.accepts(symbol, claim.advisories)) {
        const bool standard = accepted->rule == Acceptance::Rule::StandardFunctions;
        if (!objection.typesChecked && !standard && !accepted->uncheckedTypes) {
          claim.concession->whyNot =
              fmt::format("its types cannot be compared ({}), so only equal code counts; the rule may say "
                          "types = \"unchecked\"",
                          objection.whyUnchecked);
          return;
        }
        const std::string& flags =
            objection.unlessEqual.empty() && !standard ? objection.unlessTyped : objection.unlessEqual;
        if (!flags.empty()) {
          claim.concession->whyNot = "only equal code counts, because of flags: " + flags;
          if (claim.ownReason != Reason::Fixed) {
            claim.ownReason = Reason::FlagsMismatch;
            claim.ownDetail = flags;
          }
          return;
        }
        accepted->uncheckedTypes = !objection.typesChecked;
        claim.accepted = std::move(accepted);
        claim.needs = claim.concession->needs;
        return;
      }
    }
  }

  /// The ROM's copy differs, as opposed to being out of reach.
  static bool isDifference(Reason reason) {
    return reason == Reason::Changed || reason == Reason::DependsOnChanged || reason == Reason::NotInRom ||
           reason == Reason::Fixed;
  }

  static std::uint32_t halfword(Bytes bytes, std::size_t offset) {
    const std::size_t at = offset & ~std::size_t{1};
    return at + 2 <= bytes.size() ? llvm::support::endian::read16le(bytes.data() + at) : bytes[at];
  }

  /// The ROM's bytes, in which each call of nothing is written as the firmware's object has it: linkers write
  /// such calls in several ways.
  static Bytes withEqualCallsOfNothing(const LiveSection& live, Bytes theirs,
                                       std::vector<std::uint8_t>& scratch) {
    for (const Reference& reference : live.references) {
      if (reference.target != Reference::Target::NoCall || !isNoCall(theirs.subspan(reference.place, 4)))
        continue;
      if (theirs.data() != scratch.data()) {
        scratch.assign(theirs.begin(), theirs.end());
        theirs = scratch;
      }
      std::copy_n(live.elf().data.begin() + reference.place, 4, scratch.begin() + reference.place);
    }
    return theirs;
  }

  [[nodiscard]] const Defect* defectIn(const AddressRange& range) const {
    const auto found = std::find_if(terms_.defects.begin(), terms_.defects.end(),
                                    [&](const Defect& d) { return range.contains(d.address); });
    return found == terms_.defects.end() ? nullptr : &*found;
  }

  /// Does the ROM's target mean the number of an Absolute reference?
  [[nodiscard]] bool leadsTo(const Reference& reference, std::uint32_t target) const {
    if (!reference.kind.isBranch())
      return target == reference.value;
    const auto stops = throughVeneers(read_, target);
    return std::find(stops.begin(), stops.end(), reference.value) != stops.end();
  }

  /// Turns each reference of the claim's section into a need, or refuses the claim.
  void follow(ClaimId id) {
    const Address base = claims_[id].base;
    const LiveSection& live = firmware_.sections[claims_[id].section];
    if (live.elf().isWritable())
      return; // its value is what the program makes of it
    bool handsOutOwn = live.facts().mayTakeOwnAddress;
    for (const Reference& reference : live.references) {
      const auto target = referenceTarget(read_, reference, base);
      if (!target)
        return refuse(claims_[id], Reason::NotInRom, "the ROM's bytes end before a reference");
      switch (reference.target) {
      case Reference::Target::Unresolved:
        return refuse(claims_[id], Reason::DependsOnChanged, reference.why);
      case Reference::Target::NoCall:
        if (*target != base + reference.place + 4 && !isNoCall(read_(base + reference.place, 4)))
          return refuse(
              claims_[id], Reason::Changed,
              fmt::format("the ROM calls {} at {:#010x}, which is weak and undefined in the firmware",
                          reference.symbol, *target));
        break;
      case Reference::Target::Absolute:
        if (!leadsTo(reference, *target))
          return refuse(claims_[id], Reason::Changed,
                        fmt::format("{} is {:#x} in the ROM, {:#x} in the firmware", reference.symbol,
                                    *target, reference.value));
        break;
      case Reference::Target::Piece: {
        const auto size = static_cast<std::uint32_t>(reference.piece.size());
        const Address start = *target - reference.offset;
        if (const Defect* defect = defectIn({start, size}))
          return refuse(claims_[id], Reason::Fixed,
                        fmt::format("{} names the ROM's {}, which it uses, as defective", defect->advisory,
                                    defect->symbol));
        if (start == 0 || start % reference.pieceAlignment != 0 ||
            asText(rom_.readOnly(start, size, false)) != asText(reference.piece))
          return refuse(
              claims_[id], Reason::Changed,
              fmt::format("the constant or string it uses at +{:#x} differs in the ROM", reference.place));
        handsOutOwn = true;
        claims_[id].pieces.push_back({start, size});
        break;
      }
      case Reference::Target::Section:
        if (!need(id, reference, *target))
          return;
        break;
      }
    }
    // Its own addresses, and those of its string literals, are the same for all only if all use the ROM's
    // copy.
    if (handsOutOwn)
      claims_[id].needs.push_back({id, true});
  }

  /// False if the claim is refused.
  bool need(ClaimId id, const Reference& reference, std::uint32_t target) {
    Address start = target;
    if (!reference.kind.isBranch() && reference.thumb) {
      if ((target & 1) == 0) {
        refuse(claims_[id], Reason::Changed,
               fmt::format("the ROM has no Thumb function's address for {}", reference.symbol));
        return false;
      }
      start &= ~1U;
    }
    // A function may itself look like a veneer, so the first stop that has its bytes counts.
    ClaimId needed = claim(reference.section, start - reference.offset);
    if (reference.kind.isBranch())
      for (const Address stop : throughVeneers(read_, start)) {
        needed = claim(reference.section, stop - reference.offset);
        if (claims_[needed].ownReason == Reason::None)
          break;
      }
    if (reference.section == claims_[id].section && claims_[needed].base != claims_[id].base) {
      refuse(claims_[id], Reason::Changed, "a reference to itself leads elsewhere in the ROM");
      return false;
    }
    // What hands out its own address needs itself shared there; calling itself is no more than being equal.
    if (needed != id || reference.takesAddress())
      claims_[id].needs.push_back({needed, reference.takesAddress()});
    return true;
  }

  const Firmware& firmware_;
  const RomImage& rom_;
  const ProofTerms& terms_;
  const ReadImage read_;
  const Concessions concessions_;
  const SameSource sameSource_;
  std::vector<Claim> claims_;
  mutable std::vector<std::uint8_t> scratch_;
  std::unordered_map<std::uint64_t, ClaimId> known_; ///< by section and base
};

} // namespace

std::vector<Claim> collectClaims(const Firmware& firmware, const RomImage& rom, const ProofTerms& terms) {
  return Collector(firmware, rom, terms).run();
}

} // namespace romlink::relink
