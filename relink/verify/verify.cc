#include "relink/verify/verify.h"

#include "relink/verify/branches.h"
#include "relink/verify/compare.h"
#include "relink/verify/correspondence.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/Endian.h>
#include <map>
#include <unordered_set>

namespace romlink::relink {
namespace {

using Verdict = Judge::Verdict;

/// Defined by the output alone (include/romlink/rom_id.h).
bool isRomId(std::string_view name) {
  return name == "romlink_rom_id" || name == "romlink_rom_id_end";
}

tl::unexpected<Error> refused(std::string where, std::string why) {
  return fail(ErrorCode::Refused, "a check of the linked image failed", std::move(where), std::move(why),
              "please report this with the inputs; the policy can keep the symbol local meanwhile");
}

/// The contents of the ELF notes with this owner and type 1 (gABI, "Note Section").
std::vector<Bytes> notesOf(const ElfImage& image, std::string_view owner) {
  std::vector<Bytes> notes;
  constexpr std::size_t kHeader = 12;
  const auto padded = [](std::size_t size) { return (size + 3) & ~std::size_t{3}; };
  for (const Section& section : image.sections) {
    if (section.type != llvm::ELF::SHT_NOTE)
      continue;
    for (Bytes rest = section.data; rest.size() >= kHeader;) {
      const std::size_t nameSize = llvm::support::endian::read32le(rest.data());
      const std::size_t size = llvm::support::endian::read32le(rest.data() + 4);
      const std::uint32_t type = llvm::support::endian::read32le(rest.data() + 8);
      const std::size_t start = kHeader + padded(nameSize);
      if (start + size > rest.size())
        break;
      if (type == 1 && nameSize == owner.size() + 1 && asText(rest.subspan(kHeader, owner.size())) == owner &&
          rest[kHeader + owner.size()] == 0)
        notes.push_back(rest.subspan(start, size));
      rest = rest.subspan(std::min(rest.size(), start + padded(size)));
    }
  }
  return notes;
}

/// What the plan means for the places of the plain link: where each is now.
class Verifier {
public:
  Verifier(const VerifyInput& input, ThumbDecoder decoder)
      : in_(input), plain_(input.plain), output_(input.output), decoder_(std::move(decoder)),
        used_(usedOf(input.shares)), stayed_(withSynthetic(input)), shares_(used_), counterparts_(stayed_),
        pieces_(input.pieces, plain_.reader(), output_.reader()) {
    for (const Share& share : used_)
      if (share.kind == Share::Kind::Function)
        for (const std::uint32_t entry : share.entries)
          entries_.insert(share.rom + entry);
    for (const Counterpart& counterpart : stayed_)
      stayedOutput_.add({counterpart.output, counterpart.size});
    stayedOutput_.finish();
  }

  Result<void> run() {
    if (const auto overlaps = overlapsOf(in_.output, in_.rom.flash, in_.sharedRam); !overlaps.empty())
      return refused({}, overlaps.front().message);
    ROMLINK_TRY(checkWhatStayed());
    ROMLINK_TRY(checkBranches());
    ROMLINK_TRY(checkFixedEntries());
    return checkNote();
  }

private:
  class OutputJudge : public Judge {
  public:
    OutputJudge(Verifier& all, const Counterpart& self) : all_(all), self_(self) {}

    Verdict branch(Address left, Address right) override {
      if (all_.nowAt(left) == right)
        return Verdict::Fits;
      const auto stops = all_.decoder_.throughVeneers(all_.output_.reader(), right);
      for (const Address start : all_.decoder_.throughVeneers(all_.plain_.reader(), left))
        if (const auto now = all_.nowAt(start))
          return std::find(stops.begin(), stops.end(), *now) == stops.end() ? Verdict::Wrong : Verdict::Fits;
      return left != right && all_.isInRom(right) ? Verdict::Wrong : Verdict::Unknown;
    }

    Verdict number(Field field, std::uint32_t left, std::uint32_t right) override {
      if (left == right || all_.isMoved(left, right) || all_.isSameSymbol(left, right))
        return Verdict::Fits;
      const Address from = self_.plain + field.offset;
      const Address other = self_.output + field.offset;
      const auto extend = [](std::uint32_t word) { return word << 1 >> 1 | (word << 1 & 0x80000000); };
      if (all_.isMoved(from + left, other + right) ||
          ((left ^ right) >> 31 == 0 && all_.isMoved(from + extend(left), other + extend(right))))
        return Verdict::Fits;
      if (all_.nowAt(left) || all_.pieces_.isPiece(left))
        return Verdict::Wrong;
      if (!all_.isRoms(right))
        return Verdict::Unknown;
      return all_.isInSameSection(from + left, other + right) ? Verdict::Unknown : Verdict::Wrong;
    }

    Verdict besidePc(Field field, Address left, Address right) override { return number(field, left, right); }
    Verdict ownAddress() override { return Verdict::Fits; }

  private:
    Verifier& all_;
    const Counterpart& self_;
  };

  static std::vector<Share> usedOf(const std::vector<Share>& shares) {
    std::vector<Share> used;
    std::copy_if(shares.begin(), shares.end(), std::back_inserter(used),
                 [](const Share& share) { return !share.equivalentOnly; });
    return used;
  }

  /// Sections that lld makes and that are the same in both links but for their addresses.
  static std::vector<Counterpart> withSynthetic(const VerifyInput& input) {
    std::vector<Counterpart> all = input.counterparts;
    for (const std::string_view name : {".gnu.sgstubs", ".got"}) {
      const Section* plain = input.plain.findSection(name);
      const Section* output = input.output.findSection(name);
      if (plain != nullptr && output != nullptr && plain->size == output->size)
        all.push_back({plain->address, plain->size, output->address, plain->isExecutable()});
    }
    return all;
  }

  [[nodiscard]] bool isInRom(Address address) const {
    return std::any_of(in_.rom.flash.begin(), in_.rom.flash.end(),
                       [&](const AddressRange& range) { return range.contains(address); });
  }
  [[nodiscard]] bool isRoms(Address address) const {
    return isInRom(address) || (in_.sharedRam && in_.sharedRam->contains(address));
  }

  /// Where the output has what the plain link has at this address; nullopt: outside of sections.
  [[nodiscard]] std::optional<Address> nowAt(Address plain) const {
    if (const auto share = shares_.covering(plain))
      return used_[*share].counterpartOf(plain);
    if (const auto counterpart = counterparts_.covering(plain))
      return stayed_[*counterpart].output + (plain - stayed_[*counterpart].plain);
    return std::nullopt;
  }

  /// Also for addresses one past the end of a section, or before its start, as compilers write for loops.
  [[nodiscard]] bool isMoved(Address left, Address right) const {
    constexpr std::uint32_t kReach = 4096;
    if (nowAt(left) == right || pieces_.has(left, right))
      return true;
    return counterparts_.anyNear(left, kReach, [&](const Counterpart& c) {
      return c.output - c.plain == right - left;
    }) || shares_.anyNear(left, kReach, [&](const Share& s) { return s.rom - s.plain == right - left; });
  }

  [[nodiscard]] bool isSameSymbol(std::uint32_t left, std::uint32_t right) const {
    const auto& names = output_.namesOf(right);
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      const auto& values = plain_.valuesOf(name);
      return isRomId(name) || std::find(values.begin(), values.end(), left) != values.end();
    });
  }

  [[nodiscard]] bool isInSameSection(Address left, Address right) const {
    const Section* before = plain_.sectionAt(left);
    const Section* now = output_.sectionAt(right);
    return before != nullptr && now != nullptr && before->name == now->name;
  }

  Result<void> checkWhatStayed() {
    for (const Counterpart& counterpart : stayed_) {
      const Bytes before = plain_.read(counterpart.plain, counterpart.size);
      const Bytes now = output_.read(counterpart.output, counterpart.size);
      if (before.empty() && now.empty())
        continue; // not loaded
      if (before.size() != now.size())
        return refused(plain_.placeOf(counterpart.plain), "it is not in the linked image");
      OutputJudge judge(*this, counterpart);
      const auto mismatch = firstMismatch(
          decoder_, {before, counterpart.plain, {}}, {now, counterpart.output, "the linked image"},
          plain_.spansIn({counterpart.plain, counterpart.size}, counterpart.executable), judge, true);
      if (mismatch)
        return refused(output_.placeOf(counterpart.output + mismatch->offset), mismatch->what);
    }
    return {};
  }

  /// Branches of the output that enter the ROM elsewhere than at the start of a shared function, by where
  /// they enter.
  std::map<Address, Address> strayEntries() {
    std::map<Address, Address> strays;
    const auto look = [&](Address from, Address to) {
      if (isInRom(to) && !entries_.contains(to))
        strays.emplace(to, from);
    };
    std::unordered_set<Address> seen;
    for (const DecodedBranch& branch : branchesOf(in_.output, output_, decoder_)) {
      if (!seen.insert(branch.to).second)
        continue;
      look(branch.from, branch.to);
      if (!stayedOutput_.contains(
              branch.to)) // what stayed is no veneer of the linker's, and is compared by itself
        for (const Address stop : decoder_.throughVeneers(output_.reader(), branch.to))
          look(branch.from, stop);
    }
    return strays;
  }

  Result<void> checkBranches() {
    auto strays = strayEntries();
    if (strays.empty())
      return {};
    for (const DecodedBranch& branch : branchesOf(in_.plain, plain_, decoder_))
      for (const Address stop : decoder_.throughVeneers(plain_.reader(), branch.to)) {
        strays.erase(stop);
        if (const auto share = shares_.covering(stop)) // into the middle of a function
          strays.erase(used_[*share].rom + (stop - used_[*share].plain));
      }
    if (strays.empty())
      return {};
    const auto [to, from] = *strays.begin();
    return refused(output_.placeOf(from),
                   fmt::format("its branch to {:#010x} enters the ROM at no shared function", to));
  }

  Result<void> checkFixedEntries() const {
    const auto has = [](const ImageView& image, const FixedEntry& entry) {
      const auto& values = image.valuesOf(entry.name);
      return std::find(values.begin(), values.end(), entry.value) != values.end();
    };
    for (const FixedEntry& entry : in_.fixedEntries)
      if (has(plain_, entry) && !has(output_, entry))
        return refused(entry.name, fmt::format("it is not at {:#010x}, where the import library has it",
                                               entry.value & ~1U));
    return {};
  }

  Result<void> checkNote() const {
    const auto ids = notesOf(in_.output, "romlink");
    if (ids.empty())
      return fail(ErrorCode::Refused, "the linked image does not carry the ROM's identity", ".romlink.note",
                  "the linker script discards that section",
                  "let the script's /DISCARD/ spare .romlink.note");
    const auto isOurs = [this](Bytes id) {
      return std::equal(id.begin(), id.end(), in_.imageHash.bytes.begin(), in_.imageHash.bytes.end());
    };
    if (std::none_of(ids.begin(), ids.end(), isOurs))
      return refused(".romlink.note", "it names another ROM");
    return {};
  }

  const VerifyInput& in_;
  const ImageView plain_;
  const ImageView output_;
  ThumbDecoder decoder_;
  const std::vector<Share> used_;
  const std::vector<Counterpart> stayed_;
  const RangeIndex<Share> shares_;
  const RangeIndex<Counterpart> counterparts_;
  const EqualPieces pieces_;
  std::unordered_set<Address> entries_; ///< of shared functions, in the ROM
  RangeSet stayedOutput_;
};

} // namespace

Result<void> verifyOutput(const VerifyInput& input) {
  ROMLINK_ASSIGN(auto decoder, ThumbDecoder::create());
  return Verifier(input, std::move(decoder)).run();
}

} // namespace romlink::relink
