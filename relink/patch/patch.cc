#include "relink/patch/patch.h"

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
  for (std::size_t i = 1; i < elf.symbols.size(); ++i) {
    const Symbol& symbol = elf.symbols[i];
    if (symbol.section != live.index || symbol.isMapping())
      continue;
    const std::size_t record = symbols + i * sizeof(Types::Sym);
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

/// Builds a small relocatable ELF file: sections are appended, then finish() lays them out.
class ObjectWriter {
public:
  std::uint32_t add(const std::string& name, std::uint32_t type, std::uint32_t flags,
                    std::vector<std::uint8_t> data) {
    Types::Shdr header{};
    header.sh_name = static_cast<std::uint32_t>(names_.size());
    header.sh_type = type;
    header.sh_flags = flags;
    header.sh_addralign = 4;
    header.sh_size = static_cast<std::uint32_t>(data.size());
    names_ += name + '\0';
    headers_.push_back(header);
    data_.push_back(std::move(data));
    return static_cast<std::uint32_t>(headers_.size() - 1);
  }
  Types::Shdr& header(std::uint32_t index) { return headers_[index]; }

  std::vector<std::uint8_t> finish() {
    const std::uint32_t nameTable = add(".shstrtab", llvm::ELF::SHT_STRTAB, 0, {});
    data_[nameTable].assign(names_.begin(), names_.end());
    headers_[nameTable].sh_size = static_cast<std::uint32_t>(names_.size());
    std::vector<std::uint8_t> file(sizeof(Types::Ehdr));
    for (std::size_t i = 1; i < headers_.size(); ++i) {
      file.resize((file.size() + 3) & ~std::size_t{3});
      headers_[i].sh_offset = static_cast<std::uint32_t>(file.size());
      file.insert(file.end(), data_[i].begin(), data_[i].end());
    }
    file.resize((file.size() + 3) & ~std::size_t{3});
    Types::Ehdr elf{};
    std::copy_n(llvm::ELF::ElfMagic, 4, elf.e_ident);
    elf.e_ident[llvm::ELF::EI_CLASS] = llvm::ELF::ELFCLASS32;
    elf.e_ident[llvm::ELF::EI_DATA] = llvm::ELF::ELFDATA2LSB;
    elf.e_ident[llvm::ELF::EI_VERSION] = llvm::ELF::EV_CURRENT;
    elf.e_type = llvm::ELF::ET_REL;
    elf.e_machine = llvm::ELF::EM_ARM;
    elf.e_version = llvm::ELF::EV_CURRENT;
    elf.e_flags = llvm::ELF::EF_ARM_EABI_VER5;
    elf.e_ehsize = sizeof(Types::Ehdr);
    elf.e_shentsize = sizeof(Types::Shdr);
    elf.e_shnum = static_cast<std::uint16_t>(headers_.size());
    elf.e_shstrndx = static_cast<std::uint16_t>(nameTable);
    elf.e_shoff = static_cast<std::uint32_t>(file.size());
    append(file, headers_.data(), headers_.size() * sizeof(Types::Shdr));
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&elf), sizeof elf, file.begin());
    return file;
  }

  static void append(std::vector<std::uint8_t>& to, const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    to.insert(to.end(), bytes, bytes + size);
  }

private:
  std::string names_ = std::string(1, '\0');
  std::vector<Types::Shdr> headers_ = {Types::Shdr{}};
  std::vector<std::vector<std::uint8_t>> data_ = {{}};
};

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

std::vector<std::uint8_t> romIdObject(const Digest& imageHash, std::uint32_t imageSize, bool loaded) {
  using namespace llvm::ELF;
  ObjectWriter object;

  const llvm::support::ulittle32_t noteHeader[3] = {llvm::support::ulittle32_t(kOwner.size()),
                                                    llvm::support::ulittle32_t(imageHash.bytes.size()),
                                                    llvm::support::ulittle32_t(kNoteType)};
  std::vector<std::uint8_t> note;
  ObjectWriter::append(note, noteHeader, sizeof noteHeader);
  ObjectWriter::append(note, kOwner.data(), kOwner.size());
  ObjectWriter::append(note, imageHash.bytes.data(), imageHash.bytes.size());
  object.add(std::string(kNoteSection), SHT_NOTE, 0, note);
  if (!loaded)
    return object.finish();

  std::vector<std::uint8_t> id;
  const llvm::support::ulittle32_t size(imageSize);
  ObjectWriter::append(id, &size, sizeof size);
  ObjectWriter::append(id, imageHash.bytes.data(), imageHash.bytes.size());
  const std::uint32_t idSection = object.add(std::string(kLoadedIdSection), SHT_PROGBITS, SHF_ALLOC, id);

  constexpr std::string_view kNames = {"\0romlink_rom_id\0", 16};
  Types::Sym symbols[2] = {};
  symbols[1].st_name = 1;
  symbols[1].st_size = static_cast<std::uint32_t>(id.size());
  symbols[1].setBindingAndType(STB_GLOBAL, STT_OBJECT);
  symbols[1].st_shndx = static_cast<std::uint16_t>(idSection);
  std::vector<std::uint8_t> symbolTable;
  ObjectWriter::append(symbolTable, symbols, sizeof symbols);
  const std::uint32_t table = object.add(".symtab", SHT_SYMTAB, 0, symbolTable);
  const std::uint32_t strings = object.add(".strtab", SHT_STRTAB, 0, {kNames.begin(), kNames.end()});
  object.header(table).sh_link = strings;
  object.header(table).sh_info = 1;
  object.header(table).sh_entsize = sizeof(Types::Sym);
  return object.finish();
}

std::optional<Digest> romIdOf(const ElfImage& firmware) {
  const Section* section = firmware.findSection(kNoteSection);
  constexpr std::size_t kDigestAt = 12 + kOwner.size();
  if (section == nullptr || section->data.size() < kDigestAt + 32 ||
      asText(section->data.subspan(12, kOwner.size())) != kOwner)
    return std::nullopt;
  const auto digest = Digest::fromBytes(section->data.subspan(kDigestAt, 32));
  return digest ? std::optional(*digest) : std::nullopt;
}

} // namespace romlink::relink
