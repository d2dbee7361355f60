#include "launcher/records.h"

#include "relink/image/elf_image.h"
#include "relink/image/source_section.h"

#include <algorithm>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELFTypes.h>
#include <llvm/Support/Endian.h>
#include <map>
#include <optional>

namespace romlink::launcher {
namespace {

using relink::ElfImage;
using relink::SourceRecord;
using relink::Symbol;
using Types = llvm::object::ELF32LE;

tl::unexpected<Error> unusable(std::string why) {
  return fail(ErrorCode::Malformed, "the object takes no fingerprints", "", std::move(why));
}

bool isNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What each symbol of the object stands for.
class Symbols {
public:
  Symbols(const ElfImage& elf, const Unit& unit) : elf_(elf) {
    for (const Definition& definition : unit.definitions)
      if (definition.within.empty())
        global_.emplace(definition.symbol, &definition);
      else
        statics_.emplace(definition.symbol, &definition);
    for (const Symbol& symbol : elf.symbols)
      ++count_[symbol.name];
  }

  /// Nullopt: it gets no record.
  [[nodiscard]] std::optional<SourceRecord> recordOf(const Symbol& symbol) const {
    using Kind = SourceRecord::Kind;
    if (!(symbol.isFunction() || symbol.isObject()) || !symbol.isDefinedInSection() ||
        !elf_.sections[symbol.section].isAllocated())
      return std::nullopt;
    SourceRecord record;
    record.weak = symbol.binding == llvm::ELF::STB_WEAK;
    const auto global = global_.find(symbol.name);
    if (global != global_.end() && count_.at(symbol.name) == 1 &&
        global->second->function == symbol.isFunction()) {
      record.kind = symbol.isFunction() ? Kind::Function : Kind::Object;
      record.digest = global->second->digest;
      return record;
    }
    if (!symbol.isLocal())
      return std::nullopt;
    if (symbol.isObject())
      nameStatic(symbol.name, record);
    return record;
  }

private:
  /// gcc writes "OBJECT.NUMBER", clang "FUNCTION.OBJECT", and ".NUMBER" if there are several.
  void nameStatic(std::string_view name, SourceRecord& record) const {
    const std::size_t dot = name.rfind('.');
    const bool numbered = dot != std::string_view::npos && isNumber(name.substr(dot + 1));
    std::size_t matches = 0;
    for (const auto& [object, definition] : statics_) {
      const std::string full = definition->within + "." + object;
      const bool same = name == full || name == object ||
                        (numbered && (name.substr(0, dot) == object || name.substr(0, dot) == full));
      if (!same)
        continue;
      ++matches;
      record.digest = definition->digest;
    }
    if (matches == 1)
      record.kind = SourceRecord::Kind::StaticLocal;
    else if (matches > 1 ||
             name.find("compound") != std::string_view::npos) // a compound literal of file scope
      record.kind = SourceRecord::Kind::Ambiguous;
    if (matches != 1)
      record.digest = Digest();
  }

  const ElfImage& elf_;
  std::map<std::string, const Definition*, std::less<>> global_;
  std::multimap<std::string, const Definition*, std::less<>> statics_;
  std::map<std::string_view, unsigned> count_;
};

/// Of each section a local symbol, by which its places can be named: the section's own or a mapping symbol
/// rather than a function, whose address has the Thumb bit.
std::map<std::uint32_t, std::uint32_t> anchorsOf(const ElfImage& elf) {
  std::map<std::uint32_t, std::uint32_t> anchors;
  for (const bool functions : {false, true})
    for (std::uint32_t i = 1; i < elf.symbols.size(); ++i)
      if (const Symbol& symbol = elf.symbols[i];
          symbol.isLocal() && symbol.isDefinedInSection() && symbol.isFunction() == functions)
        anchors.emplace(symbol.section, i);
  return anchors;
}

/// Appends parts to a copy of the object; the section table moves to the end.
class Extension {
public:
  explicit Extension(Bytes object, const ElfImage& elf) : file_(object.begin(), object.end()) {
    std::copy_n(object.begin(), sizeof header_, reinterpret_cast<std::uint8_t*>(&header_));
    const auto* table = object.data() + elf.sectionTableOffset;
    table_.resize(elf.sections.size());
    std::copy_n(table, table_.size() * sizeof(Types::Shdr), reinterpret_cast<std::uint8_t*>(table_.data()));
    names_ = table_[header_.e_shstrndx];
    const std::size_t begin = names_.sh_offset;
    text_.assign(object.begin() + static_cast<std::ptrdiff_t>(begin),
                 object.begin() + static_cast<std::ptrdiff_t>(begin + names_.sh_size));
  }

  std::uint32_t add(std::string_view name, Types::Shdr section, const std::vector<std::uint8_t>& content) {
    section.sh_name = static_cast<std::uint32_t>(text_.size());
    text_.insert(text_.end(), name.begin(), name.end());
    text_.push_back(0);
    section.sh_addralign = 4;
    place(section, content);
    table_.push_back(section);
    return static_cast<std::uint32_t>(table_.size() - 1);
  }

  std::vector<std::uint8_t> finish() {
    // The names may be the symbols' names, too: a longer copy serves both.
    place(table_[header_.e_shstrndx], text_);
    align();
    header_.e_shoff = static_cast<std::uint32_t>(file_.size());
    header_.e_shnum = static_cast<std::uint16_t>(table_.size());
    const auto* table = reinterpret_cast<const std::uint8_t*>(table_.data());
    file_.insert(file_.end(), table, table + table_.size() * sizeof(Types::Shdr));
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&header_), sizeof header_, file_.begin());
    return std::move(file_);
  }

private:
  void align() { file_.resize((file_.size() + 3) & ~std::size_t{3}); }
  void place(Types::Shdr& section, const std::vector<std::uint8_t>& content) {
    align();
    section.sh_offset = static_cast<std::uint32_t>(file_.size());
    section.sh_size = static_cast<std::uint32_t>(content.size());
    file_.insert(file_.end(), content.begin(), content.end());
  }

  std::vector<std::uint8_t> file_;
  Types::Ehdr header_{};
  std::vector<Types::Shdr> table_;
  Types::Shdr names_{};
  std::vector<std::uint8_t> text_;
};

} // namespace

Result<std::vector<std::uint8_t>> withFingerprints(Bytes object, const Unit& unit) {
  ROMLINK_ASSIGN(const auto elf, ElfImage::read(object, ""));
  if (elf.type != llvm::ELF::ET_REL || elf.symbolTable == 0)
    return unusable("it has no symbols");
  if (elf.findSection(relink::kSourceSection) != nullptr)
    return unusable("it has some already");
  if (elf.sections.size() + 2 >= llvm::ELF::SHN_LORESERVE)
    return unusable("it has too many sections");
  for (const relink::Section& section : elf.sections)
    if (section.name.starts_with(".gnu.lto_"))
      return unusable("it is code for the link-time optimiser (-flto)");
  const Symbols symbols(elf, unit);
  const auto anchors = anchorsOf(elf);
  std::vector<SourceRecord> records;
  std::vector<std::uint8_t> relocations;
  for (std::uint32_t i = 1; i < elf.symbols.size(); ++i) {
    auto record = symbols.recordOf(elf.symbols[i]);
    if (!record)
      continue;
    std::uint32_t anchor = i;
    if (!elf.symbols[i].isLocal()) {
      const auto found = anchors.find(elf.symbols[i].section);
      if (found == anchors.end())
        continue;
      anchor = found->second;
      record->address = elf.symbols[i].address() - elf.symbols[anchor].address();
    }
    Types::Rel relocation{};
    relocation.r_offset = relink::sourcePlace(records.size());
    relocation.setSymbolAndType(anchor, llvm::ELF::R_ARM_ABS32, false);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&relocation);
    relocations.insert(relocations.end(), bytes, bytes + sizeof relocation);
    records.push_back(*record);
  }
  Extension extension(object, elf);
  Types::Shdr section{};
  section.sh_type = llvm::ELF::SHT_PROGBITS;
  const std::uint32_t index = extension.add(relink::kSourceSection, section, relink::writeSources(records));
  section.sh_type = llvm::ELF::SHT_REL;
  section.sh_flags = llvm::ELF::SHF_INFO_LINK;
  section.sh_link = elf.symbolTable;
  section.sh_info = index;
  section.sh_entsize = sizeof(Types::Rel);
  extension.add(".rel" + std::string(relink::kSourceSection), section, relocations);
  return extension.finish();
}

} // namespace romlink::launcher
