// Sorting and summing of a report's symbols.
#include "relink/report/tally.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace romlink::report {
namespace {

struct Meaning {
  std::string_view reason;
  std::string_view text;
};

constexpr std::array kMeanings = {
    Meaning{"NOT_IN_ROM", "the ROM has no counterpart"},
    Meaning{"CHANGED", "the ROM's body or constant differs"},
    Meaning{"DEPENDS_ON_CHANGED", "equal itself, but in ROM it reaches something that differs"},
    Meaning{"FIXED", "an advisory names the ROM's copy as defective"},
    Meaning{"API_MISMATCH", "prototype, structure layout or type differs"},
    Meaning{"FLAGS_MISMATCH", "ABI-relevant compiler flags differ"},
    Meaning{"STATE_NOT_SHARED", "it uses writable data outside the declared shared RAM"},
    Meaning{"ISOLATION", "a caller's protection domain may not use the ROM's copy"},
    Meaning{"ROM_UNREACHABLE", "the ROM's copy cannot be executed after boot"},
    Meaning{"ADDRESS_IDENTITY", "its address is compared or stored"},
    Meaning{"NOT_SEPARABLE", "it shares an input section with something that must stay"},
    Meaning{"NO_GAIN", "the veneer it would need costs as much as it saves"},
    Meaning{"ENTRY_POINT", "vector table, handler, entry function or kept by the linker script"},
    Meaning{"UNWIND", "exceptions unwind through it and the ROM has no unwind table for it"},
    Meaning{"POLICY", "the policy keeps it"},
};

bool isShared(const Symbol& symbol) {
  return symbol.decision() == Symbol::SHARED;
}

/// Largest first; ties by name and object, so the order never depends on the order of the message.
bool precedes(const Symbol* a, const Symbol* b) {
  const auto key = [](const Symbol& s) {
    return std::tie(s.name(), s.object(), s.section(), s.rom_address());
  };
  if (bytesOf(*a) != bytesOf(*b))
    return bytesOf(*a) > bytesOf(*b);
  return key(*a) < key(*b);
}

} // namespace

std::uint32_t bytesOf(const Symbol& symbol) {
  return symbol.alias_of().empty() ? symbol.size() : 0;
}

bool isAccepted(const Symbol& symbol) {
  return isShared(symbol) &&
         (symbol.evidence() == Symbol::SAME_SOURCE || symbol.evidence() == Symbol::API_COMPATIBLE);
}

std::string reasonOf(const Symbol& symbol) {
  if (isShared(symbol))
    return Symbol::Evidence_Name(symbol.evidence());
  return symbol.reason().empty() ? "UNSPECIFIED" : symbol.reason();
}

std::string_view meaningOf(std::string_view reason) {
  const auto* found =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&](const auto& m) { return m.reason == reason; });
  return found == kMeanings.end() ? std::string_view{} : found->text;
}

Tally tallyOf(const romlink::v1::LinkReport& report) {
  Tally tally;
  std::map<std::string, ReasonSum> sums;
  for (const Symbol& symbol : report.symbols()) {
    if (isShared(symbol)) {
      tally.shared.push_back(&symbol);
      tally.sharedBytes += bytesOf(symbol);
      continue;
    }
    tally.local.push_back(&symbol);
    tally.localBytes += bytesOf(symbol);
    ReasonSum& sum = sums[reasonOf(symbol)];
    sum.symbols += 1;
    sum.bytes += bytesOf(symbol);
  }
  for (auto& [reason, sum] : sums) {
    sum.reason = reason;
    tally.reasons.push_back(sum);
  }
  std::stable_sort(tally.reasons.begin(), tally.reasons.end(),
                   [](const ReasonSum& a, const ReasonSum& b) { return a.bytes > b.bytes; });

  std::map<std::string, std::size_t> rank;
  for (const ReasonSum& sum : tally.reasons)
    rank.emplace(sum.reason, rank.size());
  std::sort(tally.shared.begin(), tally.shared.end(), precedes);
  for (const Symbol* symbol : tally.shared)
    if (isAccepted(*symbol)) {
      tally.accepted.push_back(symbol);
      tally.acceptedBytes += bytesOf(*symbol);
    }
  std::sort(tally.local.begin(), tally.local.end(), [&](const Symbol* a, const Symbol* b) {
    const std::size_t rankA = rank.at(reasonOf(*a));
    const std::size_t rankB = rank.at(reasonOf(*b));
    return rankA != rankB ? rankA < rankB : precedes(a, b);
  });
  return tally;
}

} // namespace romlink::report
