#include "relink/plan/script_constants.h"

#include <algorithm>

namespace romlink::relink {
namespace {

bool isCompound(std::string_view token) {
  return token.size() > 1 && token.ends_with('=') && token != "==" && token != "!=" && token != "<=" &&
         token != ">=";
}

std::optional<std::uint32_t> inWord(std::optional<std::uint64_t> value) {
  constexpr std::uint64_t kMostNegative = ~std::uint64_t{0} << 31;
  if (!value || (*value > 0xffffffff && *value < kMostNegative))
    return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

} // namespace

ScriptConstants::ScriptConstants(const std::vector<std::string>& scripts,
                                 const std::vector<std::string>& arguments) {
  for (const std::string& script : scripts)
    read(script);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    for (const std::string_view option : {"--defsym", "-defsym"})
      if (argument == option && i + 1 < arguments.size())
        read(arguments[i + 1]);
      else if (argument.starts_with(option) && argument.substr(option.size()).starts_with('='))
        read(argument.substr(option.size() + 1));
  }
  for (const auto& [name, assignments] : assignments_)
    evaluate(name, 0);
  for (const auto& [name, definitions] : regions_)
    evaluateRegion(name, 0);
}

const std::string& ScriptConstants::at(Place place) const {
  static const std::string kEnd;
  return place < tokens_.size() ? tokens_[place] : kEnd;
}

void ScriptConstants::read(std::string_view text) {
  Place i = tokens_.size();
  for (std::string& token : scriptTokens(text))
    tokens_.push_back(std::move(token));
  tokens_.emplace_back(";");
  Definition* region = nullptr; // that still has no length
  for (; i < tokens_.size(); ++i) {
    const std::string& token = tokens_[i];
    if (startsRegion(i)) {
      region = &addRegion(i);
      i += 2;
    } else if (region != nullptr && at(i + 1) == "=" &&
               (token == "LENGTH" || token == "len" || token == "l")) {
      region->length = i + 2;
      region = nullptr;
    } else if (token == "REGION_ALIAS" && at(i + 1) == "(" && at(i + 3) == ",") {
      regions_[at(i + 2)].push_back({"", std::nullopt, std::nullopt, at(i + 4)});
      region = nullptr;
    } else if (isScriptName(token) && (at(i + 1) == "=" || isCompound(at(i + 1)))) {
      const bool provided = i >= 2 && tokens_[i - 1] == "(" && tokens_[i - 2].starts_with("PROVIDE");
      assignments_[token].push_back({i + 2, at(i + 1) != "=", provided});
    }
  }
}

/// NAME (ATTRIBUTES) : ORIGIN = ..., from the colon. Also outside of MEMORY { }, where an included file may
/// be.
bool ScriptConstants::startsRegion(Place colon) const {
  const std::string& word = at(colon + 1);
  return colon > 0 && tokens_[colon] == ":" && at(colon + 2) == "=" &&
         (word == "ORIGIN" || word == "org" || word == "o");
}

ScriptConstants::Definition& ScriptConstants::addRegion(Place colon) {
  Place name = colon - 1;
  std::string attributes;
  if (tokens_[name] == ")") {
    while (name > 1 && tokens_[--name] != "(")
      attributes.insert(0, tokens_[name]);
    name -= name > 0 ? 1 : 0;
  }
  return regions_[tokens_[name]].emplace_back(Definition{attributes, colon + 3, std::nullopt, {}});
}

ScriptValue ScriptConstants::symbol(const std::string& name, unsigned depth) {
  const auto found = assignments_.find(name);
  const auto isProvided = [](const Assignment& assignment) { return assignment.provided; };
  if (found == assignments_.end() || std::any_of(found->second.begin(), found->second.end(), isProvided))
    return std::nullopt;
  return evaluate(name, depth);
}

ScriptValue ScriptConstants::region(const std::string& name, bool origin, unsigned depth) {
  const Range range = evaluateRegion(name, depth);
  return origin ? range.origin : range.length;
}

ScriptValue ScriptConstants::evaluate(std::string_view symbol, unsigned depth) {
  const auto found = assignments_.find(symbol);
  const auto [known, isNew] = values_.try_emplace(std::string(symbol));
  if (!isNew || found == assignments_.end())
    return known->second;
  ScriptValue value;
  for (const Assignment& assignment : found->second) {
    const ScriptValue one = evaluateScript(tokens_, assignment.expression, *this, depth, false);
    if (!one || assignment.compound || (value && *value != *one))
      return std::nullopt;
    value = one;
  }
  return known->second = value;
}

ScriptConstants::Range ScriptConstants::evaluateRegion(std::string_view region, unsigned depth) {
  const auto found = regions_.find(region);
  const auto [known, isNew] = ranges_.try_emplace(std::string(region));
  if (!isNew || found == regions_.end() || depth > kDeepestScript)
    return known->second;
  Range range;
  for (const Definition& definition : found->second) {
    Range one;
    if (!definition.aliasOf.empty())
      one = evaluateRegion(definition.aliasOf, depth + 1);
    if (definition.origin)
      one.origin = evaluateScript(tokens_, *definition.origin, *this, depth, true);
    if (definition.length)
      one.length = evaluateScript(tokens_, *definition.length, *this, depth, true);
    const bool first = &definition == &found->second.front();
    range.origin = first || range.origin == one.origin ? one.origin : std::nullopt;
    range.length = first || range.length == one.length ? one.length : std::nullopt;
  }
  return known->second = range;
}

std::vector<MemoryRegion> ScriptConstants::memoryRegions() const {
  std::vector<MemoryRegion> regions;
  for (const auto& [name, definitions] : regions_) {
    const Range& range = ranges_.at(name);
    regions.push_back({name, definitions.front().attributes, inWord(range.origin), inWord(range.length)});
  }
  return regions;
}

std::optional<std::uint32_t> ScriptConstants::constantOf(std::string_view symbol) const {
  const auto found = values_.find(symbol);
  return found == values_.end() ? std::nullopt : inWord(found->second);
}

std::map<std::string, std::uint32_t, std::less<>> ScriptConstants::constants() const {
  std::map<std::string, std::uint32_t, std::less<>> constants;
  for (const auto& [name, value] : values_)
    if (const auto word = inWord(value))
      constants.emplace(name, *word);
  return constants;
}

} // namespace romlink::relink
