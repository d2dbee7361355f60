#include "relink/shares.h"

#include "base/file.h"
#include "relink/match/references.h"
#include "relink/patch/reinit.h"

#include <map>

namespace romlink::relink {
namespace {

Share::Kind kindOf(const Section& section) {
  if (section.isWritable())
    return Share::Kind::State;
  return section.isExecutable() ? Share::Kind::Function : Share::Kind::Data;
}

Share shareOf(const Firmware& plain, SectionId id, const Proof& proof, const Decision& decision) {
  const LiveSection& live = plain.sections[id];
  Share share;
  share.name = live.title();
  share.plain = live.address;
  share.size = live.elf().size;
  share.rom = decision.romAddress.value_or(0);
  share.kind = kindOf(live.elf());
  share.equivalentOnly = !decision.shared;
  if (const Claim& claim = proof.bindingOf(id); claim.accepted) {
    share.accepted = true;
    share.alone = !claim.accepted->provesDependents();
    for (const Claim::Need& need : claim.needs)
      share.restsOn.push_back(plain.sections[proof.claims[need.claim].section].address);
  }
  for (const SectionSymbol& symbol : live.symbols)
    if (symbol.function)
      share.entries.push_back(symbol.offset);
  return share;
}

ReadImage readerOf(const ElfImage& elf) {
  return [&elf](Address address, std::uint32_t size) { return bytesAt(elf, address, size); };
}

/// If the reference is to a string or merged constant: where both images have it.
void addPiece(std::vector<EqualPiece>& pieces, const Reference& reference, const ReadImage& plain,
              Address plainBase, const ReadImage& other, Address otherBase) {
  if (reference.target != Reference::Target::Piece)
    return;
  const auto left = referenceTarget(plain, reference, plainBase);
  const auto right = referenceTarget(other, reference, otherBase);
  if (left && right)
    pieces.push_back({*left - reference.offset, static_cast<std::uint32_t>(reference.piece.size()),
                      *right - reference.offset});
}

} // namespace

RomView viewOf(const RomImage& rom) {
  return {
      [&rom](Address a, std::uint32_t size, bool executable) { return rom.readOnly(a, size, executable); },
      [&rom](Address a) { return rom.isWritable(a); }, rom.flashRanges()};
}

PlannedShares sharesOf(const Firmware& plain, const ElfImage& plainElf, const Proof& proof, const Plan& plan,
                       const RomImage& rom) {
  const ReadImage theirs = [&](Address a, std::uint32_t size) { return rom.readOnly(a, size, false); };
  PlannedShares planned;
  for (SectionId id = 0; id < plain.sections.size(); ++id) {
    const LiveSection& live = plain.sections[id];
    const Decision& decision = plan.sections[id];
    if (!proof.bindings[id] || decision.evidence == Evidence::None)
      continue;
    Share share = shareOf(plain, id, proof, decision);
    for (const Reference& reference : live.references) {
      if (reference.target == Reference::Target::Section) {
        const LiveSection& target = plain.sections[reference.section];
        if (reference.takesAddress() && reference.offset >= target.elf().size)
          share.beyond.push_back({reference.place, target.address});
      }
      addPiece(planned.pieces, reference, readerOf(plainElf), share.plain, theirs, share.rom);
    }
    planned.shares.push_back(std::move(share));
    planned.sections.push_back(id);
  }
  return planned;
}

Stayed stayedOf(const Firmware& plain, const ElfImage& plainElf, const Firmware& linked,
                const ElfImage& linkedElf) {
  using Key = std::tuple<std::string_view, std::size_t, std::uint32_t>;
  const auto keyOf = [](const LiveSection& live) {
    return Key{live.object->file, live.object->fileOffset, live.index};
  };
  std::map<Key, const LiveSection*> before;
  for (const LiveSection& live : plain.sections)
    before.emplace(keyOf(live), &live);
  Stayed stayed;
  for (const LiveSection& live : linked.sections) {
    const auto found = before.find(keyOf(live));
    if (found == before.end() || live.object->name == kReinitObject)
      continue;
    const LiveSection& old = *found->second;
    stayed.sections.push_back({old.address, live.elf().size, live.address, live.elf().isExecutable()});
    for (const Reference& reference : old.references)
      addPiece(stayed.pieces, reference, readerOf(plainElf), old.address, readerOf(linkedElf), live.address);
  }
  return stayed;
}

Result<std::vector<FixedEntry>> fixedEntriesOf(const std::vector<std::string>& arguments,
                                               const std::filesystem::path& folder) {
  std::vector<FixedEntry> entries;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::string_view option = argument.substr(argument.starts_with("--") ? 2 : 1);
    constexpr std::string_view kOption = "in-implib";
    if (!argument.starts_with('-') || !option.starts_with(kOption))
      continue;
    const std::string_view value = option.substr(kOption.size());
    const bool inNext = value.empty() && i + 1 < arguments.size();
    if (!inNext && !value.starts_with('='))
      continue;
    const std::string file(inNext ? std::string_view(arguments[i + 1]) : value.substr(1));
    ROMLINK_ASSIGN(const auto content, readFile(folder / file));
    ROMLINK_ASSIGN(const auto library, ElfImage::read(content, file));
    for (const Symbol& symbol : library.symbols)
      if (symbol.isFunction() && !symbol.isLocal())
        entries.push_back({std::string(symbol.name), symbol.value});
  }
  return entries;
}

} // namespace romlink::relink
