#include "relink/image/sources.h"

#include <algorithm>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/Decompressor.h>
#include <set>

namespace romlink::relink {
namespace {

Source sourceOf(const SourceRecord& record) {
  return {record.kind, record.hasDigest() ? std::optional(record.digest) : std::nullopt, record.unit,
          record.weak};
}

/// The section's bytes, decompressed into `buffer` if the linker compressed debug information.
Result<Bytes> contentOf(const Section& section, const std::string& where,
                        llvm::SmallVector<std::uint8_t, 0>& buffer) {
  if ((section.flags & llvm::ELF::SHF_COMPRESSED) == 0)
    return section.data;
  auto decompressor = llvm::object::Decompressor::create(
      "", {reinterpret_cast<const char*>(section.data.data()), section.data.size()}, true, false);
  llvm::Error error = decompressor ? decompressor->resizeAndDecompress(buffer) : decompressor.takeError();
  if (error)
    return fail(ErrorCode::Malformed, "cannot read the fingerprints of the source", where,
                llvm::toString(std::move(error)));
  return Bytes(buffer.data(), buffer.size());
}

} // namespace

Result<std::map<Address, Source>> romSources(const ElfImage& rom, const std::string& where) {
  std::map<Address, Source> sources;
  const Section* section = rom.findSection(kSourceSection);
  if (section == nullptr)
    return sources;
  llvm::SmallVector<std::uint8_t, 0> buffer;
  ROMLINK_ASSIGN(const Bytes content, contentOf(*section, where, buffer));
  ROMLINK_ASSIGN(const auto records, readSources(content, where));
  std::set<Address> functions; // with the Thumb bit
  for (const Symbol& symbol : rom.symbols)
    if (symbol.isThumbFunction())
      functions.insert(symbol.value);
  std::set<Address> disputed;
  for (const SourceRecord& record : records) {
    if (record.address == 0)
      continue;
    const Address address = functions.contains(record.address) ? record.address & ~1U : record.address;
    if (!sources.emplace(address, sourceOf(record)).second)
      disputed.insert(address);
  }
  for (const Address address : disputed)
    sources.erase(address);
  return sources;
}

Result<ObjectSources> objectSources(const ElfImage& object, const std::string& where) {
  ObjectSources sources;
  const Section* section = object.findSection(kSourceSection);
  if (section == nullptr)
    return sources;
  llvm::SmallVector<std::uint8_t, 0> buffer;
  ROMLINK_ASSIGN(const Bytes content, contentOf(*section, where, buffer));
  ROMLINK_ASSIGN(const auto records, readSources(content, where));
  std::map<std::uint32_t, const Symbol*> symbols; // by place
  for (const Relocation& relocation : section->relocations)
    if (relocation.type == llvm::ELF::R_ARM_ABS32)
      symbols.emplace(relocation.offset, &object.symbols[relocation.symbol]);
  for (const SourceRecord& record : records) {
    sources.units = record.unit + 1;
    const auto symbol = symbols.find(record.place);
    if (symbol == symbols.end() || !symbol->second->isDefinedInSection())
      continue;
    const std::uint32_t offset =
        symbol->second->address() + record.address; // what the section holds is an addend
    sources.places.emplace(std::pair<std::uint32_t, std::uint32_t>(symbol->second->section, offset),
                           sourceOf(record));
  }
  return sources;
}

} // namespace romlink::relink
