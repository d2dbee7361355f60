#include "relink/patch/object_writer.h"

#include <algorithm>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFTypes.h>
#include <map>

namespace romlink::relink {
namespace {

using Types = llvm::object::ELF32LE;
using llvm::support::ulittle32_t;

void alignTo4(ObjectWriter::Content& content) {
  content.resize((content.size() + 3) & ~std::size_t{3});
}

/// A string table; offset 0 is the empty name.
class Names {
public:
  std::uint32_t add(const std::string& name) {
    const auto offset = static_cast<std::uint32_t>(text_.size());
    text_ += name + '\0';
    return offset;
  }
  [[nodiscard]] ObjectWriter::Content content() const { return {text_.begin(), text_.end()}; }

private:
  std::string text_ = std::string(1, '\0');
};

} // namespace

struct ObjectWriter::Tables {
  struct Entry {
    Types::Shdr header{};
    Content content;
  };
  std::vector<Entry> sections{Entry{}};
  Names sectionNames;
  std::vector<Types::Sym> symbols{Types::Sym{}};
  Names symbolNames;
  std::uint32_t locals = 1;
  std::map<std::uint32_t, std::vector<Types::Rel>> relocations;

  std::uint32_t addSymbol(const std::string& name, unsigned char binding, std::uint8_t type,
                          std::uint32_t section, std::uint32_t value, std::uint32_t size) {
    Types::Sym symbol{};
    symbol.st_name = name.empty() ? 0 : symbolNames.add(name);
    symbol.setBindingAndType(binding, type);
    symbol.st_shndx = static_cast<std::uint16_t>(section);
    symbol.st_value = value;
    symbol.st_size = size;
    symbols.push_back(symbol);
    return static_cast<std::uint32_t>(symbols.size() - 1);
  }
};

ObjectWriter::ObjectWriter() : tables_(std::make_unique<Tables>()) {}
ObjectWriter::~ObjectWriter() = default;

std::uint32_t ObjectWriter::addSection(const std::string& name, std::uint32_t type, std::uint32_t flags,
                                       Content content) {
  Tables::Entry entry;
  entry.header.sh_name = tables_->sectionNames.add(name);
  entry.header.sh_type = type;
  entry.header.sh_flags = flags;
  entry.header.sh_addralign = 4;
  entry.content = std::move(content);
  tables_->sections.push_back(std::move(entry));
  return static_cast<std::uint32_t>(tables_->sections.size() - 1);
}

std::uint32_t ObjectWriter::addLocal(const std::string& name, std::uint8_t type, std::uint32_t section,
                                     std::uint32_t value) {
  const std::uint32_t index = tables_->addSymbol(name, llvm::ELF::STB_LOCAL, type, section, value, 0);
  tables_->locals = index + 1;
  return index;
}

std::uint32_t ObjectWriter::addGlobal(const std::string& name, std::uint8_t type, std::uint32_t section,
                                      std::uint32_t value, std::uint32_t size) {
  return tables_->addSymbol(name, llvm::ELF::STB_GLOBAL, type, section, value, size);
}

std::uint32_t ObjectWriter::addUndefined(const std::string& name, bool weak) {
  using namespace llvm::ELF;
  return tables_->addSymbol(name, weak ? STB_WEAK : STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0, 0);
}

void ObjectWriter::relocate(std::uint32_t section, std::uint32_t offset, std::uint32_t type,
                            std::uint32_t symbol) {
  Types::Rel relocation{};
  relocation.r_offset = offset;
  relocation.setSymbolAndType(symbol, static_cast<unsigned char>(type), false);
  tables_->relocations[section].push_back(relocation);
}

ObjectWriter::Content ObjectWriter::finish() {
  using namespace llvm::ELF;
  Tables& t = *tables_;
  const auto symbolTable = static_cast<std::uint32_t>(t.sections.size() + t.relocations.size());
  for (const auto& [section, records] : t.relocations) {
    Content content;
    append(content, records.data(), records.size() * sizeof(Types::Rel));
    const std::uint32_t index = addSection(".rel", SHT_REL, SHF_INFO_LINK, std::move(content));
    t.sections[index].header.sh_link = symbolTable;
    t.sections[index].header.sh_info = section;
    t.sections[index].header.sh_entsize = sizeof(Types::Rel);
  }
  if (t.symbols.size() > 1) {
    Content content;
    append(content, t.symbols.data(), t.symbols.size() * sizeof(Types::Sym));
    addSection(".symtab", SHT_SYMTAB, 0, std::move(content));
    t.sections[symbolTable].header.sh_link = addSection(".strtab", SHT_STRTAB, 0, t.symbolNames.content());
    t.sections[symbolTable].header.sh_info = t.locals;
    t.sections[symbolTable].header.sh_entsize = sizeof(Types::Sym);
  }
  const std::uint32_t nameTable = addSection(".shstrtab", SHT_STRTAB, 0, {});
  t.sections[nameTable].content = t.sectionNames.content();

  Content file(sizeof(Types::Ehdr));
  for (std::size_t i = 1; i < t.sections.size(); ++i) {
    Tables::Entry& entry = t.sections[i];
    alignTo4(file);
    entry.header.sh_offset = static_cast<std::uint32_t>(file.size());
    entry.header.sh_size = static_cast<std::uint32_t>(entry.content.size());
    file.insert(file.end(), entry.content.begin(), entry.content.end());
  }
  alignTo4(file);
  Types::Ehdr elf{};
  std::copy_n(ElfMagic, 4, elf.e_ident);
  elf.e_ident[EI_CLASS] = ELFCLASS32;
  elf.e_ident[EI_DATA] = ELFDATA2LSB;
  elf.e_ident[EI_VERSION] = EV_CURRENT;
  elf.e_type = ET_REL;
  elf.e_machine = EM_ARM;
  elf.e_version = EV_CURRENT;
  elf.e_flags = EF_ARM_EABI_VER5;
  elf.e_ehsize = sizeof(Types::Ehdr);
  elf.e_shentsize = sizeof(Types::Shdr);
  elf.e_shnum = static_cast<std::uint16_t>(t.sections.size());
  elf.e_shstrndx = static_cast<std::uint16_t>(nameTable);
  elf.e_shoff = static_cast<std::uint32_t>(file.size());
  for (const Tables::Entry& entry : t.sections)
    append(file, &entry.header, sizeof entry.header);
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&elf), sizeof elf, file.begin());
  return file;
}

void ObjectWriter::append(Content& to, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  to.insert(to.end(), bytes, bytes + size);
}

void ObjectWriter::appendWord(Content& to, std::uint32_t word) {
  const ulittle32_t value(word);
  append(to, &value, sizeof value);
}

} // namespace romlink::relink
