#include "relink/audit/examine_rom.h"

#include "relink/audit/rom_graph.h"
#include "relink/compat/rom_flags.h"
#include "relink/match/defect_reach.h"
#include "relink/plan/policy.h"
#include "romlink/worker/types.pb.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/ADT/StringRef.h>
#include <set>
#include <tuple>

namespace romlink::relink {
namespace {

using v1::AffectedSymbol;

constexpr std::size_t kMostSimilar = 5;

/// One symbol of the ROM under one advisory.
struct Found {
  std::string advisory;
  std::string name;
  Address address = 0;
  std::uint32_t size = 0;
  AffectedSymbol::Match match = AffectedSymbol::NAMED;

  [[nodiscard]] auto key() const { return std::tie(name, address, advisory, match); }
};

class Examiner {
public:
  Examiner(const ExamineJob& job, const RomImage& rom, const Policy& policy)
      : job_(job), rom_(rom), policy_(policy), graph_(rom) {}

  Examination run() {
    Examination result;
    for (const std::string& name : job_.names)
      result.lookUps.push_back(lookUp(name));
    findDefects();
    const std::vector<Address> roots = graph_.roots(job_.entry);
    std::vector<WaysTo> ways;
    for (const Found& defect : defects_) {
      const WaysTo& way = ways.emplace_back(graph_, defect.address);
      AffectedSymbol& message = result.affected.emplace_back();
      message.set_advisory(defect.advisory);
      message.set_symbol(defect.name);
      message.set_rom_address(fmt::format("{:#010x}", defect.address));
      message.set_size(defect.size);
      message.set_match(defect.match);
      for (std::string& name : way.shortestPath(roots))
        message.add_boot_path(std::move(name));
      for (std::string& name : way.callers())
        message.add_callers(std::move(name));
    }
    follow(ways, result.reaches);
    if (job_.listOffered) {
      listOffered(result.offered);
      result.flags = describeFlags(rom_.flags());
    }
    return result;
  }

private:
  [[nodiscard]] LookUp lookUp(const std::string& name) const {
    LookUp found{name, {}, {}};
    for (const RomSymbol& symbol : rom_.symbols()) {
      if (symbol.name != name && !(symbol.function && isPartOf(symbol.name, name)))
        continue;
      const auto body = Digest::fromBytes(symbol.body);
      found.symbols.push_back({std::string(symbol.name), symbol.address, symbol.size,
                               body ? std::optional(*body) : std::nullopt});
    }
    if (found.symbols.empty())
      found.similar = similarTo(name);
    return found;
  }

  [[nodiscard]] std::vector<std::string> similarTo(const std::string& name) const {
    const auto furthest = static_cast<unsigned>(std::max<std::size_t>(2, name.size() / 3));
    std::set<std::pair<unsigned, std::string_view>> near;
    for (const RomSymbol& symbol : rom_.symbols()) {
      if (symbol.name.empty() || symbol.name.size() > name.size() + furthest)
        continue;
      const unsigned distance =
          llvm::StringRef(name).edit_distance({symbol.name.data(), symbol.name.size()}, true, furthest);
      if (distance <= furthest)
        near.emplace(distance, symbol.name);
    }
    std::vector<std::string> names;
    for (const auto& [distance, candidate] : near)
      if (names.size() < kMostSimilar)
        names.emplace_back(candidate);
    return names;
  }

  void findDefects() {
    for (const Defect& defect : job_.rom.defects) {
      Found found{defect.advisory, defect.symbol, defect.address, 0, AffectedSymbol::NAMED};
      for (const RomSymbol& symbol : rom_.symbolsIn({defect.address, 1}))
        if (symbol.name == defect.symbol)
          found.size = symbol.size;
      defects_.push_back(std::move(found));
    }
    for (const RomSymbol& symbol : rom_.symbols()) {
      const auto body = Digest::fromBytes(symbol.body);
      for (const DefectiveBody& defective : job_.bodies)
        if (body && *body == defective.digest && !isDefect(defective.advisory, symbol))
          defects_.push_back({defective.advisory, std::string(symbol.name), symbol.address, symbol.size,
                              AffectedSymbol::SAME_CODE});
    }
    std::sort(defects_.begin(), defects_.end(),
              [](const Found& a, const Found& b) { return a.key() < b.key(); });
  }

  [[nodiscard]] bool isDefect(const std::string& advisory, const RomSymbol& symbol) const {
    return std::any_of(defects_.begin(), defects_.end(), [&](const Found& known) {
      return known.advisory == advisory && known.address == symbol.address && known.name == symbol.name;
    });
  }

  /// Does a person accept the defect? As the link asks (Policy::accepts).
  [[nodiscard]] bool isAccepted(const Found& defect) const {
    return std::any_of(policy_.waivers.begin(), policy_.waivers.end(), [&](const Policy::Waiver& waiver) {
      return waiver.advisory == defect.advisory &&
             (waiver.matches(defect.name) || waiver.matches(defect.name.substr(0, defect.name.find('.')))) &&
             job_.rom.imageHash.text().starts_with(waiver.rom);
    });
  }

  void follow(const std::vector<WaysTo>& ways, std::vector<Reach>& reaches) const {
    std::vector<bool> accepted;
    for (const Found& defect : defects_)
      accepted.push_back(isAccepted(defect));
    for (const Address from : std::set<Address>(job_.from.begin(), job_.from.end())) {
      std::map<std::string, Reach> nearest; // of each advisory; one that nobody accepts comes first
      for (std::size_t i = 0; i < defects_.size(); ++i) {
        Reach reach{from, defects_[i].advisory, ways[i].path(from), accepted[i]};
        if (reach.path.empty())
          continue;
        const auto [best, isNew] = nearest.try_emplace(reach.advisory, reach);
        if (!isNew && std::pair(reach.accepted, reach.path.size()) <
                          std::pair(best->second.accepted, best->second.path.size()))
          best->second = std::move(reach);
      }
      for (auto& [advisory, reach] : nearest)
        reaches.push_back(std::move(reach));
    }
  }

  void listOffered(std::vector<v1::OfferedSymbol>& offered) const {
    const std::set<std::string_view> names(job_.rom.sharedSymbols.begin(), job_.rom.sharedSymbols.end());
    std::set<std::size_t> typed;
    for (const worker::TypedSymbol& symbol : rom_.types().symbols())
      if (symbol.type() != 0)
        typed.insert(symbol.symbol());
    for (std::size_t i = 0; i < rom_.symbols().size(); ++i) {
      const RomSymbol& symbol = rom_.symbols()[i];
      const bool isOwners = names.empty() || names.contains(symbol.name);
      if (symbol.name.empty() || !isOwners ||
          rom_.readOnly(symbol.address, std::max(1U, symbol.size), symbol.function).empty())
        continue;
      v1::OfferedSymbol& message = offered.emplace_back();
      message.set_name(std::string(symbol.name));
      message.set_rom_address(fmt::format("{:#010x}", symbol.address));
      message.set_size(symbol.size);
      message.set_function(symbol.function);
      message.set_has_types(typed.contains(i));
    }
  }

  const ExamineJob& job_;
  const RomImage& rom_;
  const Policy& policy_;
  const RomGraph graph_;
  std::vector<Found> defects_;
};

} // namespace

Result<Examination> examineRom(const ExamineJob& job) {
  ROMLINK_ASSIGN(const RomImage rom,
                 RomImage::read(job.rom.index, job.rom.volatileRanges, job.rom.imageHash));
  ROMLINK_ASSIGN(const Policy policy, Policy::read(job.policy));
  return Examiner(job, rom, policy).run();
}

} // namespace romlink::relink
