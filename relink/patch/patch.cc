#include "relink/patch/patch.h"

#include "relink/patch/object_writer.h"

#include <cstddef>
#include <fstream>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFTypes.h>
#include <map>

namespace romlink::relink {
namespace fs = std::filesystem;
namespace {

using Types = llvm::object::ELF32LE;

/// Writes `value` over the file's bytes at `offset`.
template <typename T>
void overwrite(std::fstream& file, std::size_t offset, const T& value) {
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(reinterpret_cast<const char*>(&value), sizeof value);
}

void takeFromRom(std::fstream& file, const LiveSection& live, Address romAddress) {
  using Word = llvm::support::ulittle32_t;
  using Half = llvm::support::ulittle16_t;
  const ElfImage& elf = live.object->elf;
  const std::size_t start = live.object->fileOffset;
  const std::size_t header = start + elf.sectionTableOffset + std::size_t{live.index} * sizeof(Types::Shdr);
  overwrite(file, header + offsetof(llvm::ELF::Elf32_Shdr, sh_flags),
            Word(live.elf().flags | llvm::ELF::SHF_EXCLUDE));

  const std::size_t symbols = start + elf.sections[elf.symbolTable].offset;
  for (const std::uint32_t i : elf.symbolsIn(live.index)) {
    const Symbol& symbol = elf.symbols[i];
    if (symbol.isMapping())
      continue;
    const std::size_t record = symbols + std::size_t{i} * sizeof(Types::Sym);
    overwrite(file, record + offsetof(llvm::ELF::Elf32_Sym, st_shndx), Half(llvm::ELF::SHN_ABS));
    // symbol.value has the Thumb bit where it belongs
    overwrite(file, record + offsetof(llvm::ELF::Elf32_Sym, st_value), Word(romAddress + symbol.value));
  }
}

tl::unexpected<Error> cannotCopy(const fs::path& file, const std::error_code& status) {
  return fail(ErrorCode::Internal, "cannot copy", file.filename().string(), status.message());
}

Result<void> linkOrCopy(const fs::path& from, const fs::path& to) {
  std::error_code status;
  fs::create_hard_link(from, to, status);
  if (status)
    fs::copy_file(from, to, status);
  if (status)
    return cannotCopy(from, status);
  return {};
}

Result<void> copyEdited(const fs::path& from, const fs::path& to, const Firmware& firmware, const Plan& plan,
                        const std::vector<SectionId>& sections) {
  std::error_code status;
  fs::copy_file(from, to, status);
  if (!status)
    fs::permissions(to, fs::perms::owner_write, fs::perm_options::add, status);
  if (status)
    return cannotCopy(from, status);
  std::fstream file(to, std::ios::in | std::ios::out | std::ios::binary);
  for (const SectionId id : sections)
    takeFromRom(file, firmware.sections[id], plan.sections[id].sharedAt());
  file.close();
  if (!file)
    return fail(ErrorCode::Internal, "cannot edit a copy", from.filename().string());
  return {};
}

constexpr std::string_view kOwner = {"romlink\0", 8}; // with its terminator, a multiple of 4 bytes
constexpr std::uint32_t kNoteType = 1;

} // namespace

Result<void> patchInputs(const fs::path& originals, const fs::path& patched, const Firmware& firmware,
                         const Plan& plan) {
  std::map<std::string, std::vector<SectionId>> shared;
  for (SectionId id = 0; id < firmware.sections.size(); ++id)
    if (plan.sections[id].shared)
      shared[firmware.sections[id].object->file].push_back(id);

  std::error_code status;
  for (fs::recursive_directory_iterator it(originals, status), end; !status && it != end;
       it.increment(status)) {
    const fs::path relative = it->path().lexically_relative(originals);
    if (it->is_directory(status)) {
      fs::create_directories(patched / relative, status);
      continue;
    }
    const auto edits = shared.find(relative.string());
    if (edits == shared.end())
      ROMLINK_TRY(linkOrCopy(it->path(), patched / relative));
    else
      ROMLINK_TRY(copyEdited(it->path(), patched / relative, firmware, plan, edits->second));
  }
  if (status)
    return fail(ErrorCode::Internal, "cannot list the inputs", originals.string(), status.message());
  return {};
}

std::vector<std::uint8_t> romIdObject(const std::vector<RomIdentity>& roms, bool loaded) {
  using namespace llvm::ELF;
  ObjectWriter object;
  ObjectWriter::Content note;
  for (const RomIdentity& rom : roms) {
    ObjectWriter::appendWord(note, kOwner.size());
    ObjectWriter::appendWord(note, static_cast<std::uint32_t>(rom.imageHash.bytes.size()));
    ObjectWriter::appendWord(note, kNoteType);
    ObjectWriter::append(note, kOwner.data(), kOwner.size());
    ObjectWriter::append(note, rom.imageHash.bytes.data(), rom.imageHash.bytes.size());
  }
  object.addSection(std::string(kNoteSection), SHT_NOTE, 0, note);
  if (!loaded)
    return object.finish();

  ObjectWriter::Content id;
  for (const RomIdentity& rom : roms) {
    ObjectWriter::appendWord(id, rom.imageSize);
    ObjectWriter::append(id, rom.imageHash.bytes.data(), rom.imageHash.bytes.size());
  }
  const auto size = static_cast<std::uint32_t>(id.size());
  const std::uint32_t section =
      object.addSection(std::string(kLoadedIdSection), SHT_PROGBITS, SHF_ALLOC, std::move(id));
  object.addGlobal("romlink_rom_id", STT_OBJECT, section, 0, size);
  object.addGlobal(std::string(kLoadedIdEnd), STT_NOTYPE, section, size, 0);
  return object.finish();
}

std::vector<Digest> romIdsOf(const ElfImage& firmware) {
  std::vector<Digest> digests;
  const Section* section = firmware.findSection(kNoteSection);
  if (section == nullptr)
    return digests;
  constexpr std::size_t kHeader = 12;
  constexpr std::size_t kDigestAt = kHeader + kOwner.size();
  constexpr std::size_t kDigestSize = 32;
  for (Bytes rest = section->data; rest.size() >= kDigestAt + kDigestSize;
       rest = rest.subspan(kDigestAt + kDigestSize)) {
    const auto digest = Digest::fromBytes(rest.subspan(kDigestAt, kDigestSize));
    if (asText(rest.subspan(kHeader, kOwner.size())) != kOwner || !digest)
      break;
    digests.push_back(*digest);
  }
  return digests;
}

} // namespace romlink::relink
