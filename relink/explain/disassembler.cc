#include "relink/explain/disassembler.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>

namespace romlink::relink {
namespace {

/// Armv8.1-M with all extensions is a superset of what M-profile cores run.
constexpr const char* kTriple = "thumbv8.1m.main-none-eabi";
constexpr const char* kFeatures = "+dsp,+fp-armv8d16,+fullfp16,+mve.fp,+8msecext";

Instruction unknown(Bytes code) {
  Instruction instruction{
      std::min<std::uint32_t>(2, static_cast<std::uint32_t>(code.size())), ".inst", {}, {}};
  instruction.operands =
      code.size() < 2 ? fmt::format("{:#04x}", code[0]) : fmt::format("{:#06x}", code[0] | code[1] << 8);
  return instruction;
}

/// "\tmovs\tr0, #3" as mnemonic and operands.
void split(std::string_view text, Instruction& instruction) {
  const auto trim = [](std::string_view part) {
    const auto first = part.find_first_not_of(" \t");
    const auto last = part.find_last_not_of(" \t");
    return first == std::string_view::npos ? std::string_view() : part.substr(first, last - first + 1);
  };
  text = trim(text);
  const auto gap = std::min(text.find_first_of(" \t"), text.size());
  instruction.mnemonic = text.substr(0, gap);
  instruction.operands = trim(text.substr(gap));
  std::replace(instruction.operands.begin(), instruction.operands.end(), '\t', ' ');
}

} // namespace

struct Disassembler::Llvm {
  explicit Llvm(const llvm::Target& arm)
      : target(arm), registers(target.createMCRegInfo(kTriple)),
        assembly(target.createMCAsmInfo(*registers, kTriple, options)),
        subtarget(target.createMCSubtargetInfo(kTriple, "", kFeatures)),
        instructions(target.createMCInstrInfo()),
        context(llvm::Triple(kTriple), assembly.get(), registers.get(), subtarget.get()),
        analysis(target.createMCInstrAnalysis(instructions.get())),
        printer(target.createMCInstPrinter(llvm::Triple(kTriple), assembly->getAssemblerDialect(), *assembly,
                                           *instructions, *registers)) {}

  const llvm::Target& target;
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  llvm::MCContext context;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis;
  std::unique_ptr<llvm::MCInstPrinter> printer;
};

Disassembler::Disassembler() {
  LLVMInitializeARMTargetInfo();
  LLVMInitializeARMTargetMC();
  LLVMInitializeARMDisassembler();
  std::string why;
  if (const llvm::Target* target = llvm::TargetRegistry::lookupTarget(kTriple, why); target != nullptr)
    llvm_ = std::make_unique<Llvm>(*target);
}
Disassembler::~Disassembler() = default;
Disassembler::Disassembler(Disassembler&&) noexcept = default;
Disassembler& Disassembler::operator=(Disassembler&&) noexcept = default;

std::vector<Instruction> Disassembler::read(Bytes code, Address address) const {
  // A disassembler of LLVM remembers the IT block it is in, so each piece of code gets a new one.
  const std::unique_ptr<llvm::MCDisassembler> disassembler(
      llvm_ ? llvm_->target.createMCDisassembler(*llvm_->subtarget, llvm_->context) : nullptr);
  const llvm::ArrayRef<std::uint8_t> bytes(code.data(), code.size());
  std::vector<Instruction> read;
  for (std::size_t at = 0; at < code.size(); at += read.back().size) {
    llvm::MCInst decoded;
    std::uint64_t size = 0;
    if (!disassembler ||
        disassembler->getInstruction(decoded, size, bytes.slice(at), address + at, llvm::nulls()) ==
            llvm::MCDisassembler::Fail ||
        size < 2 || size > code.size() - at) {
      read.push_back(unknown(code.subspan(at)));
      continue;
    }
    Instruction& instruction = read.emplace_back();
    instruction.size = static_cast<std::uint32_t>(size);
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvm_->printer->printInst(&decoded, address + at, "", *llvm_->subtarget, stream);
    split(stream.str(), instruction);
    if (std::uint64_t target = 0; llvm_->analysis->evaluateBranch(decoded, address + at, size, target))
      instruction.target = static_cast<Address>(target);
  }
  return read;
}

} // namespace romlink::relink
