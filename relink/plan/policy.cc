#include "relink/plan/policy.h"

#include "base/file.h"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <llvm/Support/GlobPattern.h>
#include <toml++/toml.h>

namespace romlink::relink {
namespace {

/// Reads one policy; the first fault wins and is kept.
class Reader {
public:
  explicit Reader(std::string where) : where_(std::move(where)) {}

  Result<Policy> read(const toml::table& root) {
    onlyKeys(root, {"defaults", "allow", "keep", "state", "waive"});
    readDefaults(root);
    forEach(root, "keep", {"symbols", "reason"}, [&](const toml::table& t) {
      policy_.keep.push_back({strings(t, "symbols"), string(t, "reason", true), lineOf(t)});
    });
    forEach(root, "allow", {"symbols", "evidence"}, [&](const toml::table& t) {
      const auto evidence = oneOf(t, "evidence", {"SAME_SOURCE", "API_COMPATIBLE", "IDENTICAL"}, true);
      unused(t, fmt::format("allows {} for {}", evidence, fmt::join(strings(t, "symbols"), ", ")));
    });
    forEach(root, "state", {"symbols", "action"}, [&](const toml::table& t) {
      const auto action = oneOf(t, "action", {"retain", "reinit"}, true);
      unused(t, fmt::format("asks to {} {}", action, fmt::join(strings(t, "symbols"), ", ")));
    });
    forEach(root, "waive", {"symbol", "reason", "rom", "advisory"}, [&](const toml::table& t) {
      string(t, "reason", true);
      string(t, "rom", false);
      string(t, "advisory", false);
      unused(t, "waives a difference of " + string(t, "symbol", true));
    });
    if (error_)
      return fail(std::move(*error_));
    return std::move(policy_);
  }

private:
  static int lineOf(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

  void fault(const toml::node& at, std::string why) {
    if (!error_)
      error_ = Error{ErrorCode::Usage, "the policy is not valid", fmt::format("{}:{}", where_, lineOf(at)),
                     std::move(why), "docs/policy.md lists the keys"};
  }

  void unused(const toml::node& at, const std::string& what) {
    policy_.unused.push_back(
        fmt::format("{}:{} {}: not used, only what is proved identical is shared", where_, lineOf(at), what));
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
      auto glob = llvm::GlobPattern::create(values.back());
      if (values.back().empty() || !glob)
        fault(element, fmt::format("'{}' holds something that is no name pattern", key));
      if (!glob)
        llvm::consumeError(glob.takeError());
    }
    return values;
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
    if (oneOf(*defaults, "evidence", {"IDENTICAL", "SAME_SOURCE"}, false) == "SAME_SOURCE")
      unused(*defaults, "allows SAME_SOURCE for everything");
    if (oneOf(*defaults, "state", {"retain", "reinit"}, false) == "reinit")
      unused(*defaults, "asks to reinit shared RAM objects");
    if (const toml::node* standard = defaults->get("standard_functions")) {
      if (!standard->is_boolean())
        fault(*standard, "'standard_functions' must be true or false");
      else if (standard->value_or(false))
        unused(*standard, "takes the standard functions as equivalent");
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

const Policy::Rule* Policy::keeps(std::string_view symbol) const {
  const auto found = std::find_if(keep.begin(), keep.end(), [&](const Rule& r) { return r.matches(symbol); });
  return found == keep.end() ? nullptr : &*found;
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
