// What a ROM's ELF tells when it is published: flash image and hash, ranges, identity, and what a later link
// will miss.

#include "base/file.h"
#include "relink/companions.h"
#include "relink/compat/one_line.h"
#include "relink/compat/rom_flags.h"
#include "relink/image/build_id.h"
#include "relink/image/flash_image.h"
#include "relink/image/rom_image.h"
#include "relink/image/rom_index.h"
#include "relink/relinker.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/ARMAttributeParser.h>
#include <llvm/Support/ARMBuildAttributes.h>

namespace romlink::relink {
namespace {

constexpr std::uint8_t kErased = 0xff;

bool isPadding(std::uint8_t byte) {
  return byte == 0x00 || byte == kErased;
}

/// `given` must be the ELF's image; trailing padding aside.
Result<void> compareImages(const FlashImage& flash, Bytes given, const std::string& where) {
  const auto byteOf = [](Bytes bytes, std::size_t i) {
    return i < bytes.size() ? std::optional(bytes[i]) : std::nullopt;
  };
  const Bytes ours = flash.bytes;
  for (std::size_t i = 0; i < std::max(ours.size(), given.size()); ++i) {
    const auto a = byteOf(ours, i);
    const auto b = byteOf(given, i);
    const bool paddingOnly = (!a && b && isPadding(*b)) || (a && !b && isPadding(*a));
    if (paddingOnly || a == b)
      continue;
    const auto text = [](std::optional<std::uint8_t> byte) {
      return byte ? fmt::format("{:#04x}", *byte) : "nothing";
    };
    return fail(
        ErrorCode::Refused, "the image is not the ELF's", where,
        fmt::format("at address {:#010x} the ELF has {}, the image {}", flash.base + i, text(a), text(b)),
        "publish the image and the ELF of one and the same build");
  }
  return {};
}

Result<AddressRange> parseSharedRam(const std::string& text, const ElfImage& elf) {
  if (const Section* section = elf.findSection(text)) {
    if (!section->isAllocated() || !section->isWritable() || section->size == 0)
      return fail(ErrorCode::Usage, "not a section of RAM", text, "it is empty, read-only or not loaded");
    return AddressRange{section->address, section->size};
  }
  const auto number = [](std::string_view digits) -> std::optional<std::uint32_t> {
    const int base = digits.starts_with("0x") || digits.starts_with("0X") ? 16 : 10;
    if (base == 16)
      digits.remove_prefix(2);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    return error == std::errc() && end == digits.data() + digits.size() && !digits.empty()
               ? std::optional(value)
               : std::nullopt;
  };
  const std::size_t colon = text.find(':');
  const auto address = colon == std::string::npos ? std::nullopt : number(text.substr(0, colon));
  const auto size = colon == std::string::npos ? std::nullopt : number(text.substr(colon + 1));
  if (!address || !size || *size == 0 || std::uint64_t{*address} + *size > 0x1'0000'0000U)
    return fail(ErrorCode::Usage, "not a shared RAM range", text,
                "it is neither ADDRESS:SIZE nor a section of the ELF", "for example 0x38000000:0x20");
  return AddressRange{*address, *size};
}

std::string architectureOf(const ElfImage& elf) {
  const Section* attributes = elf.findSection(".ARM.attributes");
  llvm::ARMAttributeParser parser;
  if (attributes == nullptr)
    return {};
  if (llvm::Error error =
          parser.parse({attributes->data.data(), attributes->data.size()}, llvm::endianness::little)) {
    llvm::consumeError(std::move(error));
    return {};
  }
  using namespace llvm::ARMBuildAttrs;
  const auto value = parser.getAttributeValue(CPU_arch);
  if (!value)
    return {};
  switch (*value) {
  case v6_M:
  case v6S_M:
    return "v6-M";
  case v7:
    return "v7-M";
  case v7E_M:
    return "v7E-M";
  case v8_M_Base:
    return "v8-M.base";
  case v8_M_Main:
    return "v8-M.main";
  case v8_1_M_Main:
    return "v8.1-M.main";
  default:
    return fmt::format("CPU_arch {}", *value);
  }
}

/// What a link against this ROM, years from now, will have to do without.
std::vector<std::string> missingFor(const ElfImage& elf, const RomAnswer& answer, bool imageGiven) {
  std::vector<std::string> notes;
  if (elf.symbols.empty())
    notes.emplace_back("no symbol table: nothing can be shared by name");
  if (elf.findSection(".debug_info") == nullptr)
    notes.emplace_back("no DWARF: types cannot be compared");
  if (answer.architecture.empty())
    notes.emplace_back("no build attributes: flags cannot be compared");
  if (std::all_of(elf.sections.begin(), elf.sections.end(),
                  [](const Section& s) { return s.relocations.empty(); }))
    notes.emplace_back("no relocations (--emit-relocs): what code refers to is found by decoding it");
  if (answer.buildId.empty())
    notes.emplace_back("no build-id: debuggers cannot ask for it by one");
  if (!imageGiven)
    notes.emplace_back("no separate image was given: the one archived was made from the ELF");
  return notes;
}

/// "a, b, c and 4 more"
template <typename Names>
std::string someOf(const Names& names) {
  constexpr std::size_t kNamed = 3;
  const auto named = static_cast<std::ptrdiff_t>(std::min(names.size(), kNamed));
  return fmt::format("{}{}", fmt::join(names.begin(), names.begin() + named, ", "),
                     names.size() > kNamed ? fmt::format(" and {} more", names.size() - kNamed) : "");
}

/// Variables that the ROM's owner did not declare as shared: whatever uses them stays in the firmware.
void noteStateOutside(const ElfImage& elf, RomAnswer& answer) {
  std::vector<std::string_view> outside;
  for (const Symbol& symbol : elf.symbols) {
    if (!symbol.isObject() || !symbol.isDefinedInSection() || symbol.size == 0 ||
        !elf.sections[symbol.section].isAllocated() || !elf.sections[symbol.section].isWritable())
      continue;
    if (!answer.sharedRam || !answer.sharedRam->contains({symbol.address(), symbol.size}))
      outside.push_back(symbol.name);
  }
  if (outside.empty())
    return;
  std::sort(outside.begin(), outside.end());
  answer.notes.push_back(
      fmt::format("{} variable{} outside of {}shared RAM: ROM code that uses {} cannot be shared: {}",
                  outside.size(), outside.size() == 1 ? "" : "s", answer.sharedRam ? "the " : "",
                  outside.size() == 1 ? "it" : "them", someOf(outside)));
}

/// One list may serve several configurations of a ROM, so that a name that this one lacks is no error; it may
/// be a slip, too.
void noteAbsentShares(const ElfImage& elf, const std::vector<std::string>& names, RomAnswer& answer) {
  if (names.empty())
    return;
  const auto absent = absentFrom(elf, names);
  if (!absent)
    answer.notes.emplace_back("the share list is not checked, the ELF has no symbols");
  else if (!absent->empty())
    answer.notes.push_back(fmt::format("the share list has {} symbol{} that the ELF does not define: {}",
                                       absent->size(), absent->size() == 1 ? "" : "s", someOf(*absent)));
}

/// The artifacts that have to be of this very build are.
Result<void> compareCompanions(const RomQuestion& question, const ElfImage& elf, RomAnswer& answer) {
  for (const auto& list : question.symbolLists) {
    ROMLINK_ASSIGN(const bool compared, compareSymbolList(elf, list));
    if (!compared)
      answer.notes.push_back("the symbol list is not checked, the ELF has no symbols: " +
                             list.filename().string());
  }
  for (const auto& shared : question.sharedElfs)
    ROMLINK_TRY(compareSharedElf(elf, shared));
  noteAbsentShares(elf, question.sharedSymbols, answer);
  return {};
}

/// False: nothing in the ROM can be shared. What was made is read back, so that no index is archived that a
/// link will not take.
Result<bool> makeIndex(const RomIndexSource& source, RomAnswer& answer) {
  BuiltRomIndex built = buildRomIndex(source);
  ROMLINK_ASSIGN(const auto rom, RomImage::parse(asBytes(built.file), "the ROM index", {}));
  answer.index = std::move(built.file);
  answer.indexVersion = built.formatVersion;
  answer.indexFunctions = built.functions;
  answer.indexReferences = built.references;
  answer.bodies = std::move(built.bodies);
  answer.unknownBodies = built.unknownBodies;
  if (!built.note.empty())
    answer.notes.push_back(built.note);
  return rom.hasContent();
}

} // namespace

Result<RomAnswer> inspectRom(const RomQuestion& question) {
  const std::string where = question.elf.filename().string();
  ROMLINK_ASSIGN(const auto content, readFile(question.elf));
  ROMLINK_ASSIGN(const auto elf, ElfImage::read(content, where));
  if (elf.type != llvm::ELF::ET_EXEC && elf.type != llvm::ELF::ET_DYN)
    return fail(ErrorCode::Malformed, "not a linked image", where, "it is an object file",
                "give the ROM's linked ELF");
  ROMLINK_ASSIGN(auto flash, flashImageOf(elf, where));
  if (!question.image.empty()) {
    ROMLINK_ASSIGN(const auto given, readFile(question.image));
    ROMLINK_TRY(compareImages(flash, given, question.image.filename().string()));
  }

  RomAnswer answer;
  ROMLINK_TRY(compareCompanions(question, elf, answer));
  answer.flash = flash.ranges;
  answer.entry = elf.entry;
  answer.buildId = buildIdOf(elf);
  answer.architecture = architectureOf(elf);
  for (const Symbol& symbol : elf.symbols)
    if (symbol.isDefinedInSection() && elf.sections[symbol.section].isAllocated()) {
      answer.functionCount += symbol.isFunction() ? 1 : 0;
      answer.objectCount += symbol.isObject() ? 1 : 0;
    }
  if (!question.sharedRam.empty()) {
    ROMLINK_ASSIGN(answer.sharedRam, parseSharedRam(question.sharedRam, elf));
  }
  const AddressRange whole{flash.base, static_cast<std::uint32_t>(flash.ranges.back().end() - flash.base)};
  for (const AddressRange& range : question.volatileRanges) {
    if (!whole.contains(range))
      return fail(ErrorCode::Usage, "a volatile range lies outside of the flash image",
                  fmt::format("{:#010x}:{:#x}", range.address, range.size),
                  fmt::format("the image is {:#010x}-{:#010x}", whole.address, whole.end()));
    const std::size_t begin = std::min<std::size_t>(range.address - flash.base, flash.bytes.size());
    const std::size_t end = std::min<std::size_t>(range.end() - flash.base, flash.bytes.size());
    std::fill(flash.bytes.begin() + static_cast<std::ptrdiff_t>(begin),
              flash.bytes.begin() + static_cast<std::ptrdiff_t>(end), kErased);
  }
  answer.imageHash = sha256Of(Bytes(flash.bytes));
  ROMLINK_ASSIGN(const auto flags, romFlagsOf(elf, question.flags));
  ROMLINK_ASSIGN(const bool hasContent,
                 makeIndex({elf, flash, answer.imageHash, answer.sharedRam, flags}, answer));
  answer.image = std::move(flash.bytes);
  const auto missing = missingFor(elf, answer, !question.image.empty());
  answer.notes.insert(answer.notes.begin(), missing.begin(), missing.end());
  for (std::string& note : notesOn(flags))
    answer.notes.push_back(std::move(note));
  noteStateOutside(elf, answer);
  if (!hasContent)
    answer.notes.emplace_back("no read-only section that runs in place: nothing can be shared");
  for (std::string& note : answer.notes)
    note = oneLine(std::move(note)); // as an archive takes it, whatever the file holds
  return answer;
}

} // namespace romlink::relink
