// Does this firmware belong on this ROM? By its note, and by where its branches enter the ROM.

#include "base/file.h"
#include "relink/patch/patch.h"
#include "relink/relinker.h"
#include "relink/verify/verify.h"

#include <algorithm>
#include <fmt/format.h>

namespace romlink::relink {
namespace {

void find(CheckAnswer& answer, std::string code, std::string message) {
  romlink::v1::Finding& finding = answer.findings.emplace_back();
  finding.set_severity(romlink::v1::Finding::ERROR);
  finding.set_code(std::move(code));
  finding.set_message(std::move(message));
}

} // namespace

Result<CheckAnswer> checkFirmware(const RomReference& reference, const std::filesystem::path& file) {
  ROMLINK_ASSIGN(const auto content, readFile(file));
  ROMLINK_ASSIGN(const auto firmware, ElfImage::read(content, file.filename().string()));
  ROMLINK_ASSIGN(const auto rom,
                 RomImage::read(reference.index, reference.volatileRanges, reference.imageHash));
  const std::string romName = fmt::format("{}@{}", reference.name, reference.version);

  CheckAnswer answer;
  const auto ids = romIdsOf(firmware);
  const bool named = std::find(ids.begin(), ids.end(), reference.imageHash) != ids.end();
  if (ids.empty())
    find(answer, "NO_ROM_NOTE",
         "the firmware carries no ROM note, so it was not linked against a ROM by romlink");
  else if (!named)
    find(answer, "OTHER_ROM",
         fmt::format("the firmware was linked against {}{}, not against {} ({})", ids.front().text(),
                     ids.size() == 1 ? "" : fmt::format(" and {} more", ids.size() - 1), romName,
                     reference.imageHash.text()));
  if (!ids.empty())
    answer.firmwareRomHash = (named ? reference.imageHash : ids.front()).text();
  for (const Overlap& overlap : overlapsOf(firmware, rom.flashRanges(), reference.sharedRam))
    find(answer, overlap.code, overlap.message);
  ROMLINK_ASSIGN(const auto branches, decodeBranches(firmware));
  for (const DecodedBranch& branch : branches) {
    const RomSymbol* symbol = rom.isInRom(branch.to) ? rom.symbolAt(branch.to) : nullptr;
    if (rom.isInRom(branch.to) && (symbol == nullptr || !symbol->function || symbol->address != branch.to))
      find(answer, "BRANCH_INTO_NOTHING",
           fmt::format("the branch at {:#010x} enters the ROM at {:#010x}, where no function starts",
                       branch.from, branch.to));
  }
  answer.matches = answer.findings.empty();
  answer.message = answer.matches ? fmt::format("the firmware belongs on {}", romName)
                                  : fmt::format("the firmware does not belong on {}: {}", romName,
                                                answer.findings.front().message());
  return answer;
}

} // namespace romlink::relink
