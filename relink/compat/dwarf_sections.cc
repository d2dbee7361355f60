#include "relink/compat/dwarf_sections.h"

#include <array>
#include <llvm/ADT/SmallVector.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/Decompressor.h>
#include <llvm/Support/Endian.h>
#include <set>

namespace romlink::relink {
namespace {

using llvm::support::endian::read32le;
using llvm::support::endian::write32le;

/// What tells of types and of where symbols lie; not line tables, locations or call frames.
constexpr std::array kWanted{"debug_info", "debug_abbrev",   "debug_types",
                             "debug_str",  "debug_line_str", "debug_str_offsets",
                             "debug_addr", "debug_ranges",   "debug_rnglists"};
constexpr std::uint64_t kMostBytes = 0x4000'0000; ///< of one section, uncompressed

tl::unexpected<Error> damaged(std::string why) {
  return fail(ErrorCode::Malformed, "cannot read the debug information", {}, std::move(why));
}

Result<std::vector<std::uint8_t>> decompressed(const Section& section) {
  const llvm::StringRef data(reinterpret_cast<const char*>(section.data.data()), section.data.size());
  auto decompressor =
      llvm::object::Decompressor::create({section.name.data(), section.name.size()}, data, true, false);
  if (!decompressor)
    return damaged(std::string(section.name) + " is compressed: " + llvm::toString(decompressor.takeError()));
  if (decompressor->getDecompressedSize() > kMostBytes)
    return damaged(std::string(section.name) + " is larger than romlink reads");
  llvm::SmallVector<std::uint8_t, 0> bytes;
  if (auto error = decompressor->resizeAndDecompress(bytes))
    return damaged(std::string(section.name) +
                   " cannot be decompressed: " + llvm::toString(std::move(error)));
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

} // namespace

Result<DwarfSections> DwarfSections::read(const ElfImage& elf) {
  DwarfSections result;
  result.layOut(elf);
  const std::set<std::string_view> wanted(kWanted.begin(), kWanted.end());
  for (const Section& section : elf.sections)
    if (section.name.starts_with(".debug_") && wanted.contains(section.name.substr(1)) &&
        section.type != llvm::ELF::SHT_NOBITS)
      ROMLINK_TRY(result.add(elf, section));
  for (const auto& [name, content] : result.copies_)
    result.contents_[name] = content;
  return result;
}

bool DwarfSections::empty() const {
  return contents_.find("debug_info") == contents_.end();
}

std::uint64_t DwarfSections::addressOf(std::uint32_t section, std::uint32_t offset) const {
  return addresses_[section] + offset;
}

/// Sections of a linked image have their addresses in their symbols.
void DwarfSections::layOut(const ElfImage& elf) {
  constexpr std::uint64_t kFirst = 0x1000; // not 0, which linkers give to what they dropped
  addresses_.assign(elf.sections.size(), 0);
  std::uint64_t next = kFirst;
  for (std::size_t i = 0; elf.type == llvm::ELF::ET_REL && i < elf.sections.size(); ++i)
    if (elf.sections[i].isAllocated()) {
      addresses_[i] = next;
      next += (std::uint64_t{elf.sections[i].size} + kFirst) & ~(kFirst - 1);
    }
}

Result<void> DwarfSections::add(const ElfImage& elf, const Section& section) {
  const std::string name(section.name.substr(1));
  const bool compressed = (section.flags & llvm::ELF::SHF_COMPRESSED) != 0;
  const bool relocated = elf.type == llvm::ELF::ET_REL && !section.relocations.empty();
  const auto known = contents_.find(name);
  if (!compressed && !relocated && known == contents_.end() && !copies_.contains(name)) {
    contents_[name] = section.data;
    return {};
  }
  std::vector<std::uint8_t> content(section.data.begin(), section.data.end());
  if (compressed) {
    ROMLINK_ASSIGN(content, decompressed(section));
  }
  if (relocated)
    ROMLINK_TRY(relocate(elf, section, content));
  std::vector<std::uint8_t>& all = copies_[name];
  if (all.empty() && known != contents_.end())
    all.assign(known->second.begin(), known->second.end());
  all.insert(all.end(), content.begin(), content.end());
  return {};
}

Result<void> DwarfSections::relocate(const ElfImage& elf, const Section& section,
                                     std::vector<std::uint8_t>& content) const {
  for (const Relocation& relocation : section.relocations) {
    if (relocation.type == llvm::ELF::R_ARM_NONE || relocation.type == llvm::ELF::R_ARM_TLS_LDO32)
      continue; // a thread-local variable has no address
    if (relocation.type != llvm::ELF::R_ARM_ABS32 || section.hasRela)
      return damaged(std::string(section.name) + " has relocations of type " +
                     std::to_string(relocation.type));
    if (std::uint64_t{relocation.offset} + 4 > content.size())
      return damaged(std::string(section.name) + " has a relocation beyond its end");
    const Symbol& symbol = elf.symbols[relocation.symbol];
    if (symbol.section == llvm::ELF::SHN_UNDEF) {
      // Early debug information of GCC's LTO, say. Nothing lies there.
      write32le(content.data() + relocation.offset, UINT32_MAX);
      continue;
    }
    const std::uint64_t base = symbol.isDefinedInSection() ? addresses_[symbol.section] : 0;
    const std::uint64_t value = base + symbol.address() + read32le(content.data() + relocation.offset);
    write32le(content.data() + relocation.offset, static_cast<std::uint32_t>(value));
  }
  return {};
}

} // namespace romlink::relink
