#include "relink/image/elf_image.h"

#include "relink/image/arm_relocation.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELF.h>
#include <llvm/Support/Endian.h>

namespace romlink::relink {
namespace {

using llvm::object::ELF32LE;
using File = llvm::object::ELFFile<ELF32LE>;

tl::unexpected<Error> malformed(const std::string& where, std::string why, std::string hint = {}) {
  return fail(ErrorCode::Malformed, "cannot read the ELF file", where, std::move(why), std::move(hint));
}

/// The border to LLVM's errors.
template <typename T>
tl::unexpected<Error> malformed(const std::string& where, llvm::Expected<T>& expected) {
  return malformed(where, llvm::toString(expected.takeError()),
                   "the file is truncated or damaged; build it again");
}

Bytes bytesOf(llvm::ArrayRef<std::uint8_t> data) {
  return {data.data(), data.size()};
}

Result<File> open(Bytes content, const std::string& where) {
  using namespace llvm::ELF;
  if (content.size() < 4 || asText(content.first(4)) != "\x7f"
                                                        "ELF")
    return malformed(where, "not an ELF file");
  if (content.size() < sizeof(ELF32LE::Ehdr))
    return malformed(where, "truncated: shorter than an ELF header");
  if (content[EI_CLASS] != ELFCLASS32)
    return malformed(where, "it is 64-bit ELF; Cortex-M needs 32-bit",
                     "compile with an arm-none-eabi toolchain");
  if (content[EI_DATA] != ELFDATA2LSB)
    return malformed(where, "it is big-endian; romlink reads little-endian", "compile with -mlittle-endian");
  auto file = File::create({reinterpret_cast<const char*>(content.data()), content.size()});
  if (!file)
    return malformed(where, file);
  if (file->getHeader().e_machine != EM_ARM)
    return malformed(where,
                     "its machine is " + std::to_string(file->getHeader().e_machine) + ", not Arm (40)",
                     "compile with an arm-none-eabi toolchain");
  return *file;
}

Result<std::vector<Section>> readSections(const File& file, const std::string& where) {
  auto headers = file.sections();
  if (!headers)
    return malformed(where, headers);
  // From here on a section index always fits a symbol's st_shndx (SHN_XINDEX stays unused).
  if (headers->size() >= llvm::ELF::SHN_LORESERVE)
    return malformed(where,
                     "it has " + std::to_string(headers->size()) + " sections, more than romlink reads");
  std::vector<Section> sections;
  sections.reserve(headers->size());
  for (const auto& header : *headers) {
    Section section;
    if (!headers->empty() && header.sh_type != llvm::ELF::SHT_NULL) {
      auto name = file.getSectionName(header);
      if (!name)
        return malformed(where, name);
      section.name = {name->data(), name->size()};
      if (header.sh_type != llvm::ELF::SHT_NOBITS) {
        auto data = file.getSectionContents(header);
        if (!data)
          return malformed(where, data);
        section.data = bytesOf(*data);
      }
    }
    section.type = header.sh_type;
    section.flags = header.sh_flags;
    section.address = header.sh_addr;
    section.offset = header.sh_offset;
    section.size = header.sh_size;
    section.link = header.sh_link;
    section.info = header.sh_info;
    section.alignment = std::max<std::uint32_t>(header.sh_addralign, 1);
    section.entrySize = header.sh_entsize;
    sections.push_back(std::move(section));
  }
  return sections;
}

Result<void> readSymbols(const File& file, ElfImage& image, const std::string& where) {
  auto headers = llvm::cantFail(file.sections());
  for (std::uint32_t i = 0; i < headers.size(); ++i) {
    if (headers[i].sh_type != llvm::ELF::SHT_SYMTAB)
      continue;
    auto symbols = file.symbols(&headers[i]);
    if (!symbols)
      return malformed(where, symbols);
    auto strings = file.getStringTableForSymtab(headers[i]);
    if (!strings)
      return malformed(where, strings);
    image.symbolTable = i;
    image.symbols.reserve(symbols->size());
    for (const auto& symbol : *symbols) {
      auto name = symbol.getName(*strings);
      if (!name)
        return malformed(where, name);
      const std::uint16_t section = symbol.st_shndx;
      if (section != llvm::ELF::SHN_UNDEF && section < llvm::ELF::SHN_LORESERVE &&
          section >= image.sections.size())
        return malformed(where, "symbol '" + name->str() + "' names section " + std::to_string(section) +
                                    ", which does not exist");
      image.symbols.push_back({{name->data(), name->size()},
                               symbol.st_value,
                               symbol.st_size,
                               symbol.getType(),
                               symbol.getBinding(),
                               section});
    }
    break; // ELF allows one symbol table
  }
  return {};
}

/// Bytes that relocations count in: of a compressed section those of its content, as Elf32_Chdr (gABI) has
/// it.
std::uint64_t contentSize(const Section& section) {
  constexpr std::size_t kHeader = 12, kSizeAt = 4;
  if ((section.flags & llvm::ELF::SHF_COMPRESSED) == 0)
    return section.size;
  return section.data.size() < kHeader ? 0 : llvm::support::endian::read32le(&section.data[kSizeAt]);
}

/// A linker would write outside of the section.
bool isBeyond(const Section& section, std::uint32_t offset, std::uint32_t type) {
  const std::uint64_t size = contentSize(section);
  if (std::uint64_t{offset} + 4 <= size)
    return false;
  const auto kind = relocationKind(type);
  return kind && std::uint64_t{offset} + kind->width > size;
}

Result<void> readRelocations(const File& file, ElfImage& image, const std::string& where) {
  auto headers = llvm::cantFail(file.sections());
  for (const auto& header : headers) {
    const bool rel = header.sh_type == llvm::ELF::SHT_REL;
    if (!rel && header.sh_type != llvm::ELF::SHT_RELA)
      continue;
    if (header.sh_info == 0 || header.sh_info >= image.sections.size())
      continue; // dynamic relocations apply to no section
    Section& target = image.sections[header.sh_info];
    const auto add = [&](auto& relocations) -> Result<void> {
      if (!relocations)
        return malformed(where, relocations);
      for (const auto& relocation : *relocations) {
        const std::uint32_t symbol = relocation.getSymbol(false);
        if (symbol >= image.symbols.size())
          return malformed(where, "a relocation of " + std::string(target.name) + " names symbol " +
                                      std::to_string(symbol) + ", which does not exist");
        if (image.type == llvm::ELF::ET_REL &&
            isBeyond(target, relocation.r_offset, relocation.getType(false)))
          return malformed(where, fmt::format("a relocation at +{:#x} of {} lies beyond its end",
                                              std::uint32_t{relocation.r_offset}, target.name));
        target.relocations.push_back({relocation.r_offset, relocation.getType(false), symbol});
      }
      return {};
    };
    target.hasRela |= !rel;
    if (rel) {
      auto relocations = file.rels(header);
      ROMLINK_TRY(add(relocations));
    } else {
      auto relocations = file.relas(header);
      ROMLINK_TRY(add(relocations));
    }
    std::stable_sort(target.relocations.begin(), target.relocations.end(),
                     [](const auto& a, const auto& b) { return a.offset < b.offset; });
  }
  return {};
}

Result<void> readGroups(ElfImage& image, const std::string& where) {
  for (const Section& section : image.sections) {
    if (section.type != llvm::ELF::SHT_GROUP || section.data.size() < 4)
      continue;
    SectionGroup& group = image.groups.emplace_back();
    const auto word = [&](std::size_t at) {
      return llvm::support::endian::read32le(section.data.data() + at);
    };
    group.comdat = (word(0) & llvm::ELF::GRP_COMDAT) != 0;
    for (std::size_t at = 4; at + 4 <= section.data.size(); at += 4) {
      if (word(at) >= image.sections.size())
        return malformed(where, "a section group names section " + std::to_string(word(at)) +
                                    ", which does not exist");
      group.members.push_back(word(at));
    }
  }
  return {};
}

Result<void> readSegments(const File& file, Bytes content, ElfImage& image, const std::string& where) {
  auto headers = file.program_headers();
  if (!headers)
    return malformed(where, headers);
  for (const auto& header : *headers) {
    if (header.p_type != llvm::ELF::PT_LOAD)
      continue;
    if (std::uint64_t{header.p_offset} + header.p_filesz > content.size())
      return malformed(where, "truncated: a segment reaches beyond the end of the file");
    if (header.p_filesz > header.p_memsz)
      return malformed(where, "a segment has more bytes in the file than in memory");
    if (std::uint64_t{header.p_vaddr} + header.p_memsz > 0x1'0000'0000U ||
        std::uint64_t{header.p_paddr} + header.p_filesz > 0x1'0000'0000U)
      return malformed(where, "a segment reaches beyond the 32-bit address space");
    image.loadSegments.push_back({header.p_flags, header.p_vaddr, header.p_paddr, header.p_memsz,
                                  content.subspan(header.p_offset, header.p_filesz)});
  }
  return {};
}

} // namespace

bool Section::isAllocated() const {
  return (flags & llvm::ELF::SHF_ALLOC) != 0;
}
bool Section::isWritable() const {
  return (flags & llvm::ELF::SHF_WRITE) != 0;
}
bool Section::isExecutable() const {
  return (flags & llvm::ELF::SHF_EXECINSTR) != 0;
}
bool Section::isMergeable() const {
  return (flags & llvm::ELF::SHF_MERGE) != 0;
}

bool Symbol::isFunction() const {
  return type == llvm::ELF::STT_FUNC || type == llvm::ELF::STT_GNU_IFUNC;
}
bool Symbol::isObject() const {
  return type == llvm::ELF::STT_OBJECT;
}
bool Symbol::isLocal() const {
  return binding == llvm::ELF::STB_LOCAL;
}
bool Symbol::isDefinedInSection() const {
  return section != llvm::ELF::SHN_UNDEF && section < llvm::ELF::SHN_LORESERVE;
}
bool Symbol::isMapping() const {
  return name.size() >= 2 && name[0] == '$' && (name[1] == 'a' || name[1] == 't' || name[1] == 'd') &&
         (name.size() == 2 || name[2] == '.');
}

Result<void> ElfImage::checkHeader(Bytes content, const std::string& where) {
  ROMLINK_ASSIGN(const auto file, open(content, where));
  auto headers = file.sections();
  if (!headers)
    return malformed(where, headers);
  for (const auto& header : *headers)
    if (header.sh_type != llvm::ELF::SHT_NOBITS && header.sh_type != llvm::ELF::SHT_NULL &&
        std::uint64_t{header.sh_offset} + header.sh_size > content.size())
      return malformed(where, "truncated: a section reaches beyond the end of the file",
                       "the file is incomplete; build it again");
  return {};
}

Result<ElfImage> ElfImage::read(Bytes content, const std::string& where) {
  ROMLINK_ASSIGN(const auto file, open(content, where));
  ElfImage image;
  image.type = file.getHeader().e_type;
  image.entry = file.getHeader().e_entry;
  image.sectionTableOffset = file.getHeader().e_shoff;
  ROMLINK_ASSIGN(image.sections, readSections(file, where));
  ROMLINK_TRY(readSymbols(file, image, where));
  ROMLINK_TRY(readRelocations(file, image, where));
  ROMLINK_TRY(readGroups(image, where));
  ROMLINK_TRY(readSegments(file, content, image, where));
  image.symbolsBySection_ = collect(image.sections.size(), image.symbols.size(), [&](std::size_t i) {
    return image.symbols[i].isDefinedInSection() ? image.symbols[i].section : 0U;
  });
  image.linkedSections_ = collect(image.sections.size(), image.sections.size(), [&](std::size_t i) {
    const Section& section = image.sections[i];
    const bool linked =
        (section.flags & llvm::ELF::SHF_LINK_ORDER) != 0 || section.type == llvm::ELF::SHT_ARM_EXIDX;
    return linked ? section.link : 0U;
  });
  return image;
}

/// Sorts by counting; section 0 has no numbers.
template <typename SectionOf>
ElfImage::BySection ElfImage::collect(std::size_t sections, std::size_t count, SectionOf sectionOf) {
  BySection result;
  result.starts.assign(sections + 2, 0);
  const auto each = [&](auto visit) {
    for (std::size_t i = 0; i < count; ++i)
      if (const std::size_t section = sectionOf(i); section != 0 && section < sections)
        visit(section, static_cast<std::uint32_t>(i));
  };
  each([&](std::size_t section, std::uint32_t) { ++result.starts[section + 2]; });
  for (std::size_t i = 3; i < result.starts.size(); ++i)
    result.starts[i] += result.starts[i - 1];
  result.numbers.resize(result.starts.back());
  // Each start moves to its section's end, which is the next one's start.
  each([&](std::size_t section, std::uint32_t i) { result.numbers[result.starts[section + 1]++] = i; });
  return result;
}

std::span<const std::uint32_t> ElfImage::BySection::of(std::uint32_t section) const {
  if (std::size_t{section} + 1 >= starts.size())
    return {};
  return std::span(numbers).subspan(starts[section], starts[section + 1] - starts[section]);
}

std::span<const std::uint32_t> ElfImage::symbolsIn(std::uint32_t section) const {
  return symbolsBySection_.of(section);
}

std::span<const std::uint32_t> ElfImage::linkedTo(std::uint32_t section) const {
  return linkedSections_.of(section);
}

const Section* ElfImage::findSection(std::string_view name, Address address) const {
  const auto found = std::find_if(sections.begin(), sections.end(), [&](const Section& s) {
    return s.name == name && AddressRange{s.address, s.size}.contains(address);
  });
  return found == sections.end() ? nullptr : &*found;
}

const Section* ElfImage::findSection(std::string_view name) const {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const Section& s) { return s.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

} // namespace romlink::relink
