#include "relink/compat/rom_flags.h"

#include "base/file.h"
#include "relink/compat/flag_rules.h"
#include "relink/compat/published_flags.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace romlink::relink {
namespace {

std::set<std::string> valuesOf(const std::vector<Fact>& facts) {
  std::set<std::string> values;
  for (const Fact& fact : facts)
    values.insert(fact.value);
  return values;
}

/// Two values of one flag that cannot both be true of code that calls each other.
bool contradicts(std::string_view flag, const std::vector<Fact>& facts) {
  for (const Fact& one : facts)
    for (const Fact& other : facts)
      if (conflict(flag, one.value, other.value))
        return true;
  return false;
}

} // namespace

Result<worker::BuildFlags> romFlagsOf(const ElfImage& elf, const std::filesystem::path& published) {
  BuildFacts facts = buildFactsOf(elf, {});
  if (!published.empty()) {
    ROMLINK_ASSIGN(const auto record, readFile(published));
    ROMLINK_TRY(readPublishedFlags(record, published.filename().string(), facts));
  }
  worker::BuildFlags flags;
  for (const Fact& fact : facts.facts) {
    worker::BuildFlags::Value& value = *flags.add_values();
    value.set_flag(fact.flag);
    value.set_value(fact.value);
    value.set_source(fact.source);
  }
  flags.mutable_unreadable()->Assign(facts.unreadable.begin(), facts.unreadable.end());
  return flags;
}

BuildFacts factsOf(const worker::BuildFlags& flags) {
  BuildFacts facts;
  for (const auto& value : flags.values())
    facts.add(value.flag(), value.value(), value.source());
  facts.unreadable.assign(flags.unreadable().begin(), flags.unreadable().end());
  return facts;
}

bool isNeeded(std::string_view name) {
  return name == flag::kEnumSize || name == flag::kWideChar || name == flag::kFloatAbi;
}

std::string sourcesOf(const std::vector<Fact>& facts) {
  std::set<std::string> sources;
  for (const Fact& fact : facts)
    sources.insert(fact.source);
  return sources.empty() ? "not known" : fmt::format("{}", fmt::join(sources, ", "));
}

std::string inWords(const std::vector<Fact>& facts) {
  const auto values = valuesOf(facts);
  if (values.size() <= 1)
    return values.empty() ? "not known" : *values.begin();
  std::vector<std::string> words;
  for (const std::string& value : values) {
    std::vector<Fact> same;
    std::copy_if(facts.begin(), facts.end(), std::back_inserter(same),
                 [&](const Fact& fact) { return fact.value == value; });
    words.push_back(fmt::format("{} ({})", value, sourcesOf(same)));
  }
  return fmt::format("{}", fmt::join(words, " and "));
}

std::vector<std::string> notesOn(const worker::BuildFlags& flags) {
  const BuildFacts facts = factsOf(flags);
  std::vector<std::string> notes = facts.unreadable;
  std::vector<std::string_view> missing;
  for (const FlagRule& rule : flagRules()) {
    const auto known = facts.of(rule.flag);
    if (rule.concernsAbi() && contradicts(rule.flag, known))
      notes.push_back(
          fmt::format("contradictory flags: {} is {}: links compare with both", rule.flag, inWords(known)));
    if (known.empty() && isNeeded(rule.flag))
      missing.push_back(rule.flag);
  }
  if (!missing.empty())
    notes.push_back(fmt::format("flags that nothing tells: {}: attach the compiler's options, --attach "
                                "flags=FILE",
                                fmt::join(missing, ", ")));
  return notes;
}

std::vector<romlink::v1::RomFlag> describeFlags(const worker::BuildFlags& flags) {
  const BuildFacts facts = factsOf(flags);
  std::vector<romlink::v1::RomFlag> rows;
  for (const FlagRule& rule : flagRules()) {
    const auto known = facts.of(rule.flag);
    if (known.empty() && !isNeeded(rule.flag))
      continue;
    romlink::v1::RomFlag& row = rows.emplace_back();
    row.set_name(std::string(rule.flag));
    row.set_value(known.empty() ? "" : inWords(known));
    row.set_source(sourcesOf(known));
  }
  return rows;
}

} // namespace romlink::relink
