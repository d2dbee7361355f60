#include "relink/plan/policy.h"

#include "base/file.h"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <llvm/Support/GlobPattern.h>
#include <toml++/toml.h>

namespace romlink::relink {
namespace {

constexpr std::string_view kHashPrefix = "sha256:";

/// Reads one policy; the first fault wins and is kept.
class Reader {
public:
  explicit Reader(std::string where) : where_(std::move(where)) {}

  Result<Policy> read(const toml::table& root) {
    onlyKeys(root, {"defaults", "allow", "keep", "state", "waive"});
    readDefaults(root);
    forEach(root, "keep", {"symbols", "reason"}, [&](const toml::table& t) {
      policy_.keep.push_back({strings(t, "symbols"), string(t, "reason", true), whereIs(t), false});
    });
    forEach(root, "allow", {"symbols", "evidence", "types"}, [&](const toml::table& t) {
      const auto evidence = oneOf(t, "evidence", {"SAME_SOURCE", "API_COMPATIBLE", "IDENTICAL"}, true);
      auto symbols = strings(t, "symbols");
      if (evidence == "SAME_SOURCE")
        policy_.sameSource.push_back({std::move(symbols), {}, whereIs(t), false});
      else if (evidence == "API_COMPATIBLE")
        policy_.allow.push_back({std::move(symbols), "allowed at " + whereIs(t), whereIs(t), unchecked(t)});
    });
    forEach(root, "state", {"symbols", "action"}, [&](const toml::table& t) {
      const auto action = oneOf(t, "action", {"retain", "reinit"}, true);
      policy_.states.push_back({{strings(t, "symbols"), {}, whereIs(t), false}, actionOf(action)});
    });
    forEach(root, "waive", {"symbol", "reason", "rom", "advisory", "types"}, [&](const toml::table& t) {
      Policy::Waiver waiver;
      waiver.symbols = {pattern(t, "symbol")};
      waiver.reason = string(t, "reason", true);
      waiver.rom = romOf(t);
      waiver.advisory = string(t, "advisory", false);
      waiver.where = whereIs(t);
      waiver.uncheckedTypes = unchecked(t);
      policy_.waivers.push_back(std::move(waiver));
    });
    if (error_)
      return fail(std::move(*error_));
    return std::move(policy_);
  }

private:
  [[nodiscard]] std::string whereIs(const toml::node& node) const {
    return fmt::format("{}:{}", where_, node.source().begin.line);
  }

  void fault(const toml::node& at, std::string why) {
    if (!error_)
      error_ = Error{ErrorCode::Usage, "the policy is not valid", whereIs(at), std::move(why),
                     "docs/policy.md lists the keys"};
  }

  static StateAction actionOf(std::string_view name) {
    return name == "reinit" ? StateAction::Reinit : StateAction::Retain;
  }

  void onlyKeys(const toml::table& table, std::initializer_list<std::string_view> keys) {
    for (const auto& [key, value] : table)
      if (std::find(keys.begin(), keys.end(), key.str()) == keys.end())
        fault(value, fmt::format("unknown key '{}'", key.str()));
  }

  std::string string(const toml::table& table, std::string_view key, bool required) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
      if (required)
        fault(table, fmt::format("'{}' is missing", key));
      return {};
    }
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty())
      fault(*node, fmt::format("'{}' must be a text", key));
    return value.value_or("");
  }

  std::string oneOf(const toml::table& table, std::string_view key,
                    std::initializer_list<std::string_view> values, bool required) {
    std::string value = string(table, key, required);
    if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end())
      fault(*table.get(key), fmt::format("'{}' is none of {}", value, fmt::join(values, ", ")));
    return value;
  }

  std::vector<std::string> strings(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    const toml::array* array = node == nullptr ? nullptr : node->as_array();
    std::vector<std::string> values;
    if (array == nullptr || array->empty()) {
      fault(node == nullptr ? table : *node, fmt::format("'{}' must be a list of names", key));
      return values;
    }
    for (const toml::node& element : *array) {
      values.push_back(element.value_exact<std::string>().value_or(""));
      if (!isPattern(values.back()))
        fault(element, fmt::format("'{}' holds something that is no name pattern", key));
    }
    return values;
  }

  static bool isPattern(const std::string& text) {
    auto glob = llvm::GlobPattern::create(text);
    if (!glob)
      llvm::consumeError(glob.takeError());
    return glob && !text.empty();
  }

  std::string pattern(const toml::table& table, std::string_view key) {
    std::string value = string(table, key, true);
    if (!value.empty() && !isPattern(value))
      fault(*table.get(key), fmt::format("'{}' is no name pattern", key));
    return value;
  }

  bool unchecked(const toml::table& table) {
    return oneOf(table, "types", {"checked", "unchecked"}, false) == "unchecked";
  }

  std::string romOf(const toml::table& table) {
    std::string rom = string(table, "rom", false);
    const std::string_view hex = std::string_view(rom).substr(std::min(kHashPrefix.size(), rom.size()));
    const bool valid = rom.starts_with(kHashPrefix) && hex.size() >= 8 && hex.size() <= 64 &&
                       hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (!rom.empty() && !valid)
      fault(*table.get("rom"), "'rom' must be sha256: and 8 to 64 lower-case hexadecimal digits");
    return rom;
  }

  template <typename Read>
  void forEach(const toml::table& root, std::string_view key, std::initializer_list<std::string_view> keys,
               Read read) {
    const toml::node* node = root.get(key);
    if (node == nullptr)
      return;
    const toml::array* array = node->as_array();
    if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
      fault(*node, fmt::format("'{}' must be written as [[{}]]", key, key));
      return;
    }
    for (const toml::node& element : *array) {
      onlyKeys(*element.as_table(), keys);
      read(*element.as_table());
    }
  }

  void readDefaults(const toml::table& root) {
    const toml::node* node = root.get("defaults");
    if (node == nullptr)
      return;
    const toml::table* defaults = node->as_table();
    if (defaults == nullptr) {
      fault(*node, "'defaults' must be written as [defaults]");
      return;
    }
    onlyKeys(*defaults, {"evidence", "state", "standard_functions"});
    policy_.sameSourceByDefault =
        oneOf(*defaults, "evidence", {"IDENTICAL", "SAME_SOURCE"}, false) == "SAME_SOURCE";
    if (const auto state = oneOf(*defaults, "state", {"retain", "reinit"}, false); !state.empty())
      policy_.defaultState = actionOf(state);
    if (const toml::node* standard = defaults->get("standard_functions")) {
      if (!standard->is_boolean())
        fault(*standard, "'standard_functions' must be true or false");
      policy_.standardFunctions = standard->value_or(false);
    }
  }

  std::string where_;
  Policy policy_;
  std::optional<Error> error_;
};

} // namespace

bool Policy::Rule::matches(std::string_view symbol) const {
  return std::any_of(symbols.begin(), symbols.end(), [&](const std::string& pattern) {
    auto glob = llvm::GlobPattern::create(pattern);
    return glob ? glob->match({symbol.data(), symbol.size()}) : (llvm::consumeError(glob.takeError()), false);
  });
}

namespace {

template <typename R>
const R* firstMatch(const std::vector<R>& rules, std::string_view symbol) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const R& r) { return r.matches(symbol); });
  return found == rules.end() ? nullptr : &*found;
}

} // namespace

const Policy::Rule* Policy::keeps(std::string_view symbol) const {
  return firstMatch(keep, symbol);
}

const Policy::StateRule* Policy::stateRule(std::string_view symbol) const {
  return firstMatch(states, symbol);
}

bool Policy::allowsSameSource(std::string_view symbol) const {
  return sameSourceByDefault || firstMatch(sameSource, symbol) != nullptr;
}

std::optional<Acceptance> Policy::accepts(std::string_view symbol, std::string_view romImageHash,
                                          bool globalFunction,
                                          const std::vector<std::string>& advisories) const {
  std::vector<const Waiver*> meant;
  for (const Waiver& waiver : waivers)
    if (romImageHash.starts_with(waiver.rom) && waiver.matches(symbol))
      meant.push_back(&waiver);
  const auto isNamed = [&](const std::string& advisory) {
    return std::any_of(meant.begin(), meant.end(), [&](const Waiver* w) { return w->advisory == advisory; });
  };
  if (!std::all_of(advisories.begin(), advisories.end(), isNamed))
    return std::nullopt;
  if (!meant.empty()) {
    const Waiver& first = advisories.empty()
                              ? *meant.front()
                              : **std::find_if(meant.begin(), meant.end(), [&](const Waiver* w) {
                                  return w->advisory == advisories.front();
                                });
    return Acceptance{Acceptance::Rule::Waive, first.reason, first.uncheckedTypes};
  }
  if (standardFunctions && globalFunction && isStandardFunction(symbol))
    return Acceptance{Acceptance::Rule::StandardFunctions, "a standard fixes what it does", false};
  if (const Rule* rule = firstMatch(allow, symbol))
    return Acceptance{Acceptance::Rule::Allow, rule->reason, rule->uncheckedTypes};
  return std::nullopt;
}

bool isStandardFunction(std::string_view name) {
  static constexpr std::string_view kIsoC[] = {
      "memchr",  "memcmp", "memcpy",  "memmove", "memset",  "strcat",  "strchr",  "strcmp", "strcpy",
      "strcspn", "strlen", "strncat", "strncmp", "strncpy", "strpbrk", "strrchr", "strspn", "strstr"};
  static constexpr std::string_view kRunTimeAbi = "__aeabi_";
  static constexpr std::string_view kHelpers[] = {
      // how their names go on
      "cdcmp", "cdrcmp", "cfcmp", "cfrcmp", "d2",    "dadd",     "dcmp",    "ddiv",  "dmul",  "dneg",
      "drsub", "dsub",   "f2",    "fadd",   "fcmp",  "fdiv",     "fmul",    "fneg",  "frsub", "fsub",
      "h2",    "i2",     "idiv",  "l2",     "lasr",  "lcmp",     "ldivmod", "llsl",  "llsr",  "lmul",
      "mem",   "ui2",    "uidiv", "ul2",    "ulcmp", "uldivmod", "uread",   "uwrite"};
  if (std::find(std::begin(kIsoC), std::end(kIsoC), name) != std::end(kIsoC))
    return true;
  return name.starts_with(kRunTimeAbi) && name != "__aeabi_idiv0" &&
         std::any_of(std::begin(kHelpers), std::end(kHelpers), [&](std::string_view helper) {
           return name.substr(kRunTimeAbi.size()).starts_with(helper);
         });
}

Result<Policy> Policy::read(const std::filesystem::path& file) {
  if (file.empty())
    return Policy{};
  const std::string where = file.filename().string();
  ROMLINK_ASSIGN(const auto content, readFile(file));
  try {
    return Reader(where).read(toml::parse(asText(content)));
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::Usage, "the policy is not valid TOML",
                fmt::format("{}:{}", where, error.source().begin.line), std::string(error.description()),
                "docs/policy.md has an example");
  }
}

} // namespace romlink::relink
