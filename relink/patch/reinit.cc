#include "relink/patch/reinit.h"

#include "relink/patch/object_writer.h"

#include <algorithm>
#include <filesystem>
#include <llvm/BinaryFormat/ELF.h>
#include <map>
#include <string_view>

namespace romlink::relink {
namespace {

using Content = ObjectWriter::Content;
using namespace llvm::ELF;

/// Thumb code that every M-profile core runs. r0: record, r1: end of the table, r2: destination, r3: bytes
/// left. Two literals follow.
constexpr std::uint16_t kWalkTable[] = {
    0xb510, //      push  {r4, lr}
    0x480c, //      ldr   r0, table
    0x490c, //      ldr   r1, end
    0x4288, // 06:  cmp   r0, r1
    0xd213, //      bcs   32
    0xc80c, //      ldmia r0!, {r2, r3}
    0x085b, //      lsrs  r3, r3, #1     carry: fill with zeros
    0xd20a, //      bcs   26
    0x3b01, // 10:  subs  r3, #1
    0xd304, //      bcc   1e
    0x7804, //      ldrb  r4, [r0]
    0x7014, //      strb  r4, [r2]
    0x3001, //      adds  r0, #1
    0x3201, //      adds  r2, #1
    0xe7f8, //      b     10
    0x3003, // 1e:  adds  r0, #3         the next record is aligned to 4
    0x0880, //      lsrs  r0, r0, #2
    0x0080, //      lsls  r0, r0, #2
    0xe7ef, //      b     06
    0x2400, // 26:  movs  r4, #0
    0x3b01, // 28:  subs  r3, #1
    0xd3ec, //      bcc   06
    0x7014, //      strb  r4, [r2]
    0x3201, //      adds  r2, #1
    0xe7fa, //      b     28
    0xbd10, // 32:  pop   {r4, pc}
};
constexpr std::uint16_t kReturn[] = {0x4770, 0x46c0}; // bx lr; nop

template <std::size_t N>
Content contentOf(const std::uint16_t (&code)[N]) {
  Content content;
  for (const std::uint16_t halfword : code) {
    content.push_back(static_cast<std::uint8_t>(halfword));
    content.push_back(static_cast<std::uint8_t>(halfword >> 8));
  }
  return content;
}

/// Appends the function; its section.
std::uint32_t addFunction(ObjectWriter& object, Content code, std::uint32_t literals) {
  const auto size = static_cast<std::uint32_t>(code.size());
  const std::uint32_t section =
      object.addSection(std::string(kReinitCode), SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, std::move(code));
  object.addLocal("$t", STT_NOTYPE, section, 0);
  if (literals < size)
    object.addLocal("$d", STT_NOTYPE, section, literals);
  return section;
}

bool isZero(const Section& section) {
  return section.relocations.empty() &&
         std::all_of(section.data.begin(), section.data.end(), [](std::uint8_t byte) { return byte == 0; });
}

} // namespace

std::vector<ReinitRecord> reinitRecords(const Firmware& firmware, const Plan& plan) {
  std::vector<ReinitRecord> records;
  std::uint32_t offset = 0;
  for (const StateShare& state : plan.states) {
    if (state.wish.action != StateAction::Reinit)
      continue;
    const Section& section = firmware.sections[state.section].elf();
    records.push_back({state.section, offset + 8, isZero(section)});
    offset += 8 + (records.back().zero ? 0 : (section.size + 3) / 4 * 4);
  }
  return records;
}

std::uint32_t reinitBytes(const Firmware& firmware, const Plan& plan) {
  const auto records = reinitRecords(firmware, plan);
  if (records.empty())
    return 0;
  const ReinitRecord& last = records.back();
  const std::uint32_t value = last.zero ? 0 : (firmware.sections[last.section].elf().size + 3) / 4 * 4;
  return static_cast<std::uint32_t>(sizeof kWalkTable + 8 - sizeof kReturn) + last.valueAt + value;
}

std::vector<std::uint8_t> reinitObject(const Firmware& firmware, const Plan& plan) {
  if (!plan.reinitsAnything())
    return emptyReinitObject();
  ObjectWriter object;
  Content table;
  struct Pointer {
    std::uint32_t offset;
    const Symbol* symbol;
  };
  std::vector<Pointer> pointers;
  for (const ReinitRecord& record : reinitRecords(firmware, plan)) {
    const LiveSection& live = firmware.sections[record.section];
    const Section& section = live.elf();
    ObjectWriter::appendWord(table, plan.sections[record.section].sharedAt());
    ObjectWriter::appendWord(table, section.size * 2 + (record.zero ? 1 : 0));
    if (record.zero)
      continue;
    for (const Relocation& relocation : section.relocations)
      pointers.push_back({record.valueAt + relocation.offset, &live.object->elf.symbols[relocation.symbol]});
    ObjectWriter::append(table, section.data.data(), section.data.size());
    table.resize((table.size() + 3) & ~std::size_t{3});
  }
  const auto tableSize = static_cast<std::uint32_t>(table.size());
  Content code = contentOf(kWalkTable);
  const auto literals = static_cast<std::uint32_t>(code.size());
  ObjectWriter::appendWord(code, 0);
  ObjectWriter::appendWord(code, tableSize);
  const auto size = static_cast<std::uint32_t>(code.size());
  const std::uint32_t codeSection = addFunction(object, std::move(code), literals);
  const std::uint32_t tableSection =
      object.addSection(std::string(kReinitTable), SHT_PROGBITS, SHF_ALLOC, std::move(table));
  const std::uint32_t tableSymbol = object.addLocal("romlink_reinit_table", STT_OBJECT, tableSection, 0);
  object.addGlobal(std::string(kReinitFunction), STT_FUNC, codeSection, 1, size);
  object.relocate(codeSection, literals, R_ARM_ABS32, tableSymbol);
  object.relocate(codeSection, literals + 4, R_ARM_ABS32, tableSymbol);
  // A weak reference that the firmware leaves undefined stays one.
  std::map<std::string_view, bool> isWeak;
  for (const Pointer& pointer : pointers)
    isWeak.try_emplace(pointer.symbol->name, true).first->second &=
        pointer.symbol->binding == STB_WEAK && pointer.symbol->section == SHN_UNDEF;
  std::map<std::string_view, std::uint32_t> targets;
  for (const Pointer& pointer : pointers) {
    const std::string_view name = pointer.symbol->name;
    const auto [target, isNew] = targets.try_emplace(name);
    if (isNew)
      target->second = object.addUndefined(std::string(name), isWeak.at(name));
    object.relocate(tableSection, pointer.offset, R_ARM_ABS32, target->second);
  }
  return object.finish();
}

std::vector<std::uint8_t> emptyReinitObject() {
  ObjectWriter object;
  Content code = contentOf(kReturn);
  const auto size = static_cast<std::uint32_t>(code.size());
  const std::uint32_t section = addFunction(object, std::move(code), size);
  object.addGlobal(std::string(kReinitFunction), STT_FUNC, section, 1, size);
  return object.finish();
}

Result<void> checkReinitIsCalled(const Firmware& firmware, const Plan& plan) {
  const auto defines = [](const LiveSection& live) {
    return std::any_of(live.symbols.begin(), live.symbols.end(),
                       [](const SectionSymbol& s) { return !s.local && s.name == kReinitFunction; });
  };
  const auto found = std::find_if(firmware.sections.begin(), firmware.sections.end(), defines);
  const bool reached = found != firmware.sections.end();
  const bool own = reached && std::filesystem::path(found->object->file).filename() == kReinitObject;
  if (!plan.reinitsAnything() || own)
    return {};
  std::string names;
  for (const StateShare& state : plan.states)
    if (state.wish.action == StateAction::Reinit)
      names += (names.empty() ? "" : ", ") + firmware.sections[state.section].title();
  constexpr const char* kWhy = "the policy asks to restore the initial value of what it shares with the ROM";
  if (reached)
    return fail(ErrorCode::Refused, "the firmware defines romlink_reinit_shared() itself", names, kWhy,
                "leave the definition out: romlink links its own, also where nothing is shared");
  return fail(
      ErrorCode::Refused, "the firmware never calls romlink_reinit_shared()", names, kWhy,
      "call romlink_reinit_shared() (romlink/reinit.h) before the first use, or let the policy retain it");
}

} // namespace romlink::relink
