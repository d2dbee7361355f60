#include "relink/verify/thumb.h"

#include <algorithm>
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
#include <llvm/Support/Endian.h>
#include <llvm/Support/TargetSelect.h>
#include <map>
#include <unordered_map>

namespace romlink::relink {
namespace {

constexpr const char* kTriple = "thumbv8.1m.main-none-eabi";
constexpr const char* kFeatures = "+dsp,+fp-armv8d16,+fullfp16,+mve.fp,+8msecext";

std::uint32_t halfword(Bytes bytes, std::size_t at) {
  return llvm::support::endian::read16le(bytes.data() + at);
}

/// Bytes of the instruction that starts with this halfword.
std::uint8_t widthOf(std::uint32_t first) {
  return first >= 0xe800 ? 4 : 2;
}

/// LLVM's opcodes that are asked for by name: their numbers are private to its Arm back end.
enum class Operation : std::uint8_t {
  Other,
  Branch, // unconditional, without link
  Movw,
  Movt,
  MovImmediate,
  ShiftLeft,
  AddImmediate,
  Move,
  AddRegister,
  LoadLiteral,
  Adr,
  AdrWide,
  StoreToStack,
  Push,
  Pop,
  Jump,
  Hint,
};

const std::map<llvm::StringRef, Operation>& operations() {
  static const std::map<llvm::StringRef, Operation> kOperations = {
      {"tB", Operation::Branch},
      {"t2B", Operation::Branch},
      {"t2MOVi16", Operation::Movw},
      {"t2MOVTi16", Operation::Movt},
      {"tMOVi8", Operation::MovImmediate},
      {"tLSLri", Operation::ShiftLeft},
      {"tADDi8", Operation::AddImmediate},
      {"tMOVr", Operation::Move},
      {"tADDhirr", Operation::AddRegister},
      {"tLDRpci", Operation::LoadLiteral},
      {"t2LDRpci", Operation::LoadLiteral},
      {"tADR", Operation::Adr},
      {"t2ADR", Operation::AdrWide},
      {"tSTRspi", Operation::StoreToStack},
      {"tPUSH", Operation::Push},
      {"tPOP", Operation::Pop},
      {"tBX", Operation::Jump},
      {"tHINT", Operation::Hint},
      {"t2HINT", Operation::Hint},
  };
  return kOperations;
}

std::uint32_t immediateAt(const llvm::MCInst& inst, unsigned operand) {
  return operand < inst.getNumOperands() && inst.getOperand(operand).isImm()
             ? static_cast<std::uint32_t>(inst.getOperand(operand).getImm())
             : 0;
}
unsigned registerAt(const llvm::MCInst& inst, unsigned operand) {
  return operand < inst.getNumOperands() && inst.getOperand(operand).isReg()
             ? inst.getOperand(operand).getReg()
             : 0;
}

} // namespace

struct ThumbDecoder::Machine {
  explicit Machine(const llvm::Target& target)
      : registers(target.createMCRegInfo(kTriple)),
        assembly(target.createMCAsmInfo(*registers, kTriple, options)),
        subtarget(target.createMCSubtargetInfo(kTriple, "", kFeatures)), info(target.createMCInstrInfo()),
        context(llvm::Triple(kTriple), assembly.get(), registers.get(), subtarget.get()),
        disassembler(target.createMCDisassembler(*subtarget, context)),
        analysis(target.createMCInstrAnalysis(info.get())), operationOf(info->getNumOpcodes()),
        narrow(0xe800) {
    for (unsigned opcode = 0; opcode < info->getNumOpcodes(); ++opcode)
      if (const auto found = operations().find(info->getName(opcode)); found != operations().end())
        operationOf[opcode] = found->second;
    for (unsigned reg = 1; reg < registers->getNumRegs(); ++reg) {
      if (llvm::StringRef(registers->getName(reg)) == "PC")
        pc = reg;
      if (llvm::StringRef(registers->getName(reg)) == "R12")
        ip = reg;
    }
  }

  /// Nullopt for an encoding that LLVM does not know.
  std::optional<llvm::MCInst> read(Bytes code) {
    const llvm::ArrayRef<std::uint8_t> bytes(code.data(), widthOf(halfword(code, 0)));
    llvm::MCInst inst;
    std::uint64_t size = 0;
    if (disassembler->getInstruction(inst, size, bytes, 0, llvm::nulls()) == llvm::MCDisassembler::Fail ||
        size != bytes.size())
      return std::nullopt;
    if (const llvm::StringRef name = info->getName(inst.getOpcode());
        name == "t2IT" || name.starts_with("MVE_VP")) {
      constexpr std::uint8_t kNop[] = {0x00, 0xbf};
      for (int i = 0; i < 4; ++i) { // the longest block; each leaves it by one
        llvm::MCInst nop;
        disassembler->getInstruction(nop, size, kNop, 0, llvm::nulls());
      }
    }
    return inst;
  }

  /// The operand that holds a direct branch's displacement (for BL, CBZ, WLS ... not always the first).
  std::optional<unsigned> displacementOf(const llvm::MCInst& inst) const {
    const llvm::MCInstrDesc& desc = info->get(inst.getOpcode());
    if (!desc.isBranch() && !desc.isCall())
      return std::nullopt;
    for (unsigned i = 0; i < std::min<unsigned>(inst.getNumOperands(), desc.getNumOperands()); ++i)
      if (desc.operands()[i].OperandType == llvm::MCOI::OPERAND_PCREL && inst.getOperand(i).isImm())
        return i;
    return std::nullopt;
  }

  ThumbInstruction describe(const llvm::MCInst& inst) const {
    using Kind = ThumbInstruction::Kind;
    ThumbInstruction made;
    const auto immediate = [&](Kind kind, unsigned operand) {
      made.kind = kind;
      made.reg = static_cast<std::uint16_t>(registerAt(inst, 0));
      made.immediate = static_cast<std::uint16_t>(immediateAt(inst, operand));
    };
    const auto beside = [&](std::int64_t displacement) {
      made.kind = Kind::PcData;
      made.displacement = static_cast<std::int32_t>(displacement);
    };
    switch (operationOf[inst.getOpcode()]) {
    case Operation::Movw:
      immediate(Kind::Movw, 1);
      return made;
    case Operation::Movt:
      immediate(Kind::Movt, 2);
      return made;
    case Operation::MovImmediate:
      immediate(Kind::Movs, 2);
      return made;
    case Operation::AddImmediate:
      immediate(Kind::Adds, 3);
      return made;
    case Operation::ShiftLeft:
      if (immediateAt(inst, 3) == 8 && registerAt(inst, 0) == registerAt(inst, 2))
        immediate(Kind::Lsls8, 3);
      return made;
    case Operation::Adr:
      beside(std::int64_t{immediateAt(inst, 1)} * 4);
      made.handsOutAddress = true;
      return made;
    case Operation::AdrWide:
      beside(inst.getOperand(1).getImm() == INT32_MIN ? 0 : inst.getOperand(1).getImm()); // "#-0"
      made.handsOutAddress = true;
      return made;
    case Operation::Move:
      made.handsOutAddress = registerAt(inst, 1) == pc && registerAt(inst, 0) != pc;
      return made;
    case Operation::AddRegister:
      made.handsOutAddress = registerAt(inst, 2) == pc && registerAt(inst, 0) != pc;
      return made;
    default:
      break;
    }
    if (const auto operand = displacementOf(inst)) {
      made.kind = Kind::Branch;
      made.displacement = static_cast<std::int32_t>(inst.getOperand(*operand).getImm());
    } else if (const auto address = literalOf(inst)) {
      beside(static_cast<std::int64_t>(*address) - 4);
    }
    return made;
  }

  /// The address that a literal load at 0 reads.
  std::optional<std::uint64_t> literalOf(const llvm::MCInst& inst) const {
    const llvm::StringRef name = info->getName(inst.getOpcode());
    const bool implied = name.ends_with("pci"); // of these, PC is no operand
    bool usesPc = implied;
    for (unsigned i = 0; i < inst.getNumOperands(); ++i)
      usesPc |= i > 0 && registerAt(inst, i) == pc;
    if (!usesPc)
      return std::nullopt;
    const auto address = analysis->evaluateMemoryOperandAddress(inst, subtarget.get(), 0, 4);
    if (address)
      return address;
    for (unsigned i = 0; implied && i < inst.getNumOperands(); ++i) // preloads are no loads for LLVM
      if (inst.getOperand(i).isImm())
        return 4 + (inst.getOperand(i).getImm() == INT32_MIN ? 0 : inst.getOperand(i).getImm());
    return std::nullopt;
  }

  ThumbInstruction decodeNew(Bytes code) {
    const auto inst = read(code);
    ThumbInstruction made = inst ? describe(*inst) : ThumbInstruction();
    made.size = widthOf(halfword(code, 0));
    return made;
  }

  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCInstrInfo> info;
  llvm::MCContext context;
  std::unique_ptr<llvm::MCDisassembler> disassembler;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis;
  std::vector<Operation> operationOf; ///< by opcode
  unsigned pc = 0;
  unsigned ip = 0;
  std::vector<std::optional<ThumbInstruction>> narrow; ///< by encoding
  std::unordered_map<std::uint32_t, ThumbInstruction> wide;
};

namespace {

/// Runs straight code on values that are either constants or what a register held at first.
class VeneerRun {
public:
  VeneerRun(unsigned pc, unsigned ip) : pc_(pc), ip_(ip) {}

  enum class Next { Goes, Jumps, IsNoVeneer };

  Next step(Operation operation, const llvm::MCInst& inst, const ThumbInstruction& decoded, Address place,
            const ReadBytes& read) {
    switch (operation) {
    case Operation::Branch:
      return jump(Value::constant(decoded.targetFrom(place) | 1));
    case Operation::Movw:
    case Operation::MovImmediate:
      return set(registerAt(inst, 0), Value::constant(decoded.immediate));
    case Operation::Movt:
      return change(registerAt(inst, 0), [&](std::uint32_t old) {
        return (old & 0xffff) | std::uint32_t{decoded.immediate} << 16;
      });
    case Operation::ShiftLeft:
      if (decoded.kind != ThumbInstruction::Kind::Lsls8)
        return Next::IsNoVeneer;
      return change(registerAt(inst, 0), [](std::uint32_t old) { return old << 8; });
    case Operation::AddImmediate:
      return change(registerAt(inst, 0), [&](std::uint32_t old) { return old + decoded.immediate; });
    case Operation::Move:
      return set(registerAt(inst, 0), get(registerAt(inst, 1), place), 1);
    case Operation::AddRegister: {
      const Value added = get(registerAt(inst, 2), place);
      if (added.initial != 0)
        return Next::IsNoVeneer;
      return change(registerAt(inst, 0), [&](std::uint32_t old) { return old + added.number; });
    }
    case Operation::LoadLiteral: {
      const Bytes word = read(decoded.targetFrom(place), 4);
      if (word.size() != 4)
        return Next::IsNoVeneer;
      return set(registerAt(inst, 0), Value::constant(llvm::support::endian::read32le(word.data())));
    }
    case Operation::Push: {
      std::vector<Value> pushed;
      for (unsigned i = 2; i < inst.getNumOperands(); ++i)
        pushed.push_back(get(registerAt(inst, i), place));
      stack_.insert(stack_.begin(), pushed.begin(), pushed.end());
      return Next::Goes;
    }
    case Operation::Pop:
      return pop(inst);
    case Operation::StoreToStack:
      if (immediateAt(inst, 2) >= stack_.size())
        return Next::IsNoVeneer;
      stack_[immediateAt(inst, 2)] = get(registerAt(inst, 0), place);
      return Next::Goes;
    case Operation::Jump:
      return jump(get(registerAt(inst, 0), place));
    case Operation::Hint:
      return immediateAt(inst, 0) == 0 ? Next::Goes : Next::IsNoVeneer;
    default:
      return Next::IsNoVeneer;
    }
  }

  [[nodiscard]] Address target() const { return target_; }

private:
  struct Value {
    unsigned initial = 0; ///< the register whose first value this is; 0: `number`
    std::uint32_t number = 0;
    static Value constant(std::uint32_t number) { return {0, number}; }
  };

  Value get(unsigned reg, Address place) const {
    if (reg == pc_)
      return Value::constant(place + 4);
    const auto found = values_.find(reg);
    return found == values_.end() ? Value{reg, 0} : found->second;
  }
  Next set(unsigned reg, Value value, std::uint32_t thumb = 0) {
    if (reg == pc_)
      return jump({value.initial, value.number | thumb});
    values_[reg] = value;
    return Next::Goes;
  }
  template <typename Change>
  Next change(unsigned reg, Change made) {
    const auto found = values_.find(reg);
    if (found == values_.end() || found->second.initial != 0)
      return Next::IsNoVeneer;
    found->second.number = made(found->second.number);
    return Next::Goes;
  }
  Next pop(const llvm::MCInst& inst) {
    for (unsigned i = 2; i < inst.getNumOperands(); ++i) {
      if (stack_.empty())
        return Next::IsNoVeneer;
      const Value value = stack_.front();
      stack_.erase(stack_.begin());
      if (registerAt(inst, i) == pc_) // the highest register, so the last
        return jump(value);
      values_[registerAt(inst, i)] = value;
    }
    return Next::Goes;
  }
  Next jump(Value to) {
    const bool kept = std::all_of(values_.begin(), values_.end(), [&](const auto& entry) {
      return entry.first == ip_ || entry.second.initial == entry.first;
    });
    if (!kept || !stack_.empty() || to.initial != 0 || (to.number & 1) == 0)
      return Next::IsNoVeneer;
    target_ = to.number & ~1U;
    return Next::Jumps;
  }

  unsigned pc_;
  unsigned ip_;
  std::map<unsigned, Value> values_;
  std::vector<Value> stack_; ///< from the stack pointer upwards
  Address target_ = 0;
};

} // namespace

ThumbDecoder::ThumbDecoder(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
ThumbDecoder::ThumbDecoder(ThumbDecoder&&) noexcept = default;
ThumbDecoder& ThumbDecoder::operator=(ThumbDecoder&&) noexcept = default;
ThumbDecoder::~ThumbDecoder() = default;

Result<ThumbDecoder> ThumbDecoder::create() {
  LLVMInitializeARMTargetInfo();
  LLVMInitializeARMTargetMC();
  LLVMInitializeARMDisassembler();
  std::string why;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(kTriple, why);
  if (target == nullptr)
    return fail(ErrorCode::Internal, "cannot disassemble Thumb code", {}, why);
  return ThumbDecoder(std::make_unique<Machine>(*target));
}

std::optional<ThumbInstruction> ThumbDecoder::decode(Bytes code) {
  if (code.size() < 2)
    return std::nullopt;
  const std::uint32_t first = halfword(code, 0);
  if (widthOf(first) == 2) {
    auto& known = machine_->narrow[first];
    if (!known)
      known = machine_->decodeNew(code);
    return known;
  }
  if (code.size() < 4)
    return std::nullopt;
  const auto [entry, isNew] = machine_->wide.try_emplace(first | halfword(code, 2) << 16);
  if (isNew)
    entry->second = machine_->decodeNew(code);
  return entry->second;
}

bool ThumbDecoder::isAlike(Bytes a, Bytes b) {
  if (a.size() != b.size() || widthOf(halfword(a, 0)) != widthOf(halfword(b, 0)))
    return false;
  const auto left = machine_->read(a);
  const auto right = machine_->read(b);
  if (!left || !right || left->getOpcode() != right->getOpcode() ||
      left->getNumOperands() != right->getNumOperands())
    return false;
  const ThumbInstruction::Kind kind = machine_->describe(*left).kind;
  if (kind == ThumbInstruction::Kind::Other || kind != machine_->describe(*right).kind)
    return false;
  unsigned field = 1; // of MOVW, ADR and literal loads
  if (const auto displacement = machine_->displacementOf(*left))
    field = *displacement;
  else if (kind == ThumbInstruction::Kind::Movt || kind == ThumbInstruction::Kind::Movs)
    field = 2;
  else if (kind == ThumbInstruction::Kind::Adds)
    field = 3;
  else if (kind == ThumbInstruction::Kind::PcData)
    while (field < left->getNumOperands() && !left->getOperand(field).isImm())
      ++field;
  for (unsigned i = 0; i < left->getNumOperands(); ++i) {
    const llvm::MCOperand& l = left->getOperand(i);
    const llvm::MCOperand& r = right->getOperand(i);
    const bool same = l.isReg() && r.isReg()   ? l.getReg() == r.getReg()
                      : l.isImm() && r.isImm() ? l.getImm() == r.getImm() || i == field
                                               : false;
    if (!same)
      return false;
  }
  return true;
}

bool ThumbDecoder::isNoCall(Bytes code) {
  const auto first = decode(code);
  if (code.size() != 4 || !first)
    return false;
  if (first->kind == ThumbInstruction::Kind::Branch)
    return first->displacement == 0;
  const auto inst = machine_->read(code);
  return inst && first->size == 4 && machine_->operationOf[inst->getOpcode()] == Operation::Hint &&
         immediateAt(*inst, 0) == 0;
}

std::optional<Address> ThumbDecoder::veneerTarget(const ReadBytes& read, Address address) {
  constexpr int kLongest = 12; // instructions
  VeneerRun run(machine_->pc, machine_->ip);
  for (int i = 0; i < kLongest; ++i) {
    Bytes code = read(address, 4);
    if (code.empty())
      code = read(address, 2);
    const auto decoded = decode(code);
    if (!decoded)
      return std::nullopt;
    const auto inst = machine_->read(code);
    if (!inst)
      return std::nullopt;
    const Operation operation = machine_->operationOf[inst->getOpcode()];
    switch (run.step(operation, *inst, *decoded, address, read)) {
    case VeneerRun::Next::Goes:
      break;
    case VeneerRun::Next::Jumps:
      return run.target();
    case VeneerRun::Next::IsNoVeneer:
      return std::nullopt;
    }
    address += decoded->size;
  }
  return std::nullopt;
}

std::vector<Address> ThumbDecoder::throughVeneers(const ReadBytes& read, Address address) {
  constexpr std::size_t kHops = 4;
  std::vector<Address> stops = {address};
  while (stops.size() <= kHops) {
    const auto next = veneerTarget(read, stops.back());
    if (!next)
      break;
    stops.push_back(*next);
  }
  return stops;
}

} // namespace romlink::relink
