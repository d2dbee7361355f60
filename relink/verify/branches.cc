// Finds direct branches with LLVM's disassembler: a decoder of its own, so that a fault in the one that the
// proof uses (image/arm_relocation) does not hide itself.

#include "relink/verify/verify.h"

#include <algorithm>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>

namespace romlink::relink {
namespace {

/// Decodes everything that M-profile cores run: Armv8.1-M with all extensions is a superset.
constexpr const char* kTriple = "thumbv8.1m.main-none-eabi";
constexpr const char* kFeatures = "+dsp,+fp-armv8d16,+fullfp16,+mve.fp,+8msecext";

class Decoder {
public:
  static Result<std::unique_ptr<Decoder>> create() {
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMDisassembler();
    std::string why;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(kTriple, why);
    if (target == nullptr)
      return fail(ErrorCode::Internal, "cannot disassemble Thumb code", {}, why);
    return std::unique_ptr<Decoder>(new Decoder(*target));
  }

  void branchesIn(Bytes code, Address address, std::vector<DecodedBranch>& branches) const {
    const llvm::ArrayRef<std::uint8_t> bytes(code.data(), code.size());
    for (std::uint64_t at = 0; at < code.size();) {
      llvm::MCInst instruction;
      std::uint64_t size = 0;
      const auto status =
          disassembler_->getInstruction(instruction, size, bytes.slice(at), address + at, llvm::nulls());
      if (status == llvm::MCDisassembler::Fail) {
        at += 2;
        continue;
      }
      std::uint64_t target = 0;
      if (analysis_->evaluateBranch(instruction, address + at, size, target))
        branches.push_back({static_cast<Address>(address + at), static_cast<Address>(target)});
      at += std::max<std::uint64_t>(size, 2);
    }
  }

private:
  explicit Decoder(const llvm::Target& target)
      : registers_(target.createMCRegInfo(kTriple)),
        assembly_(target.createMCAsmInfo(*registers_, kTriple, options_)),
        subtarget_(target.createMCSubtargetInfo(kTriple, "", kFeatures)),
        instructions_(target.createMCInstrInfo()),
        context_(llvm::Triple(kTriple), assembly_.get(), registers_.get(), subtarget_.get()),
        disassembler_(target.createMCDisassembler(*subtarget_, context_)),
        analysis_(target.createMCInstrAnalysis(instructions_.get())) {}

  llvm::MCTargetOptions options_;
  std::unique_ptr<llvm::MCRegisterInfo> registers_;
  std::unique_ptr<llvm::MCAsmInfo> assembly_;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget_;
  std::unique_ptr<llvm::MCInstrInfo> instructions_;
  llvm::MCContext context_;
  std::unique_ptr<llvm::MCDisassembler> disassembler_;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis_;
};

/// Places in `section` where code ($t, true) or data ($d, false) begins, by address.
std::vector<std::pair<Address, bool>> mappingOf(const ElfImage& image, std::uint32_t section) {
  std::vector<std::pair<Address, bool>> marks;
  for (const Symbol& symbol : image.symbols)
    if (symbol.section == section && symbol.isMapping())
      marks.emplace_back(symbol.value, symbol.name[1] == 't');
  std::stable_sort(marks.begin(), marks.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return marks;
}

} // namespace

Result<std::vector<DecodedBranch>> decodeBranches(const ElfImage& image) {
  ROMLINK_ASSIGN(const auto decoder, Decoder::create());
  std::vector<DecodedBranch> branches;
  for (std::uint32_t i = 0; i < image.sections.size(); ++i) {
    const Section& section = image.sections[i];
    if (!section.isAllocated() || !section.isExecutable() || section.data.empty())
      continue;
    auto marks = mappingOf(image, i);
    if (marks.empty() || marks.front().first != section.address)
      marks.insert(marks.begin(), {section.address, true});
    for (std::size_t m = 0; m < marks.size(); ++m) {
      const std::uint64_t end =
          m + 1 < marks.size() ? marks[m + 1].first : std::uint64_t{section.address} + section.size;
      if (!marks[m].second || marks[m].first < section.address || end <= marks[m].first ||
          end > std::uint64_t{section.address} + section.size)
        continue;
      decoder->branchesIn(section.data.subspan(marks[m].first - section.address, end - marks[m].first),
                          marks[m].first, branches);
    }
  }
  return branches;
}

} // namespace romlink::relink
