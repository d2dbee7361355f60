#include "server/config.h"

#include "base/file.h"
#include "store/text.h"

#include <functional>
#include <map>
#include <optional>
#include <toml++/toml.h>

namespace romlink::server {
namespace {

/// A number from `least` to `most`, or a text.
struct Key {
  using Set = std::function<void(Config&, std::uint64_t)>;
  using SetText = std::function<void(Config&, const std::string&)>;
  Key(std::int64_t from, std::int64_t to, Set number) : least(from), most(to), set(std::move(number)) {}
  explicit Key(SetText text) : setText(std::move(text)) {}

  std::int64_t least = 0;
  std::int64_t most = 0;
  Set set;
  SetText setText;
};
using Section = std::map<std::string, Key, std::less<>>;

const std::map<std::string, Section, std::less<>>& knownKeys() {
  constexpr std::int64_t kMostMiB = std::int64_t{1} << 30;
  static const std::map<std::string, Section, std::less<>> kKnown = {
      {"workers",
       {{"jobs", {0, 1024, [](Config& c, auto v) { c.jobs = static_cast<unsigned>(v); }}},
        {"time_limit_seconds", {1, 86400, [](Config& c, auto v) { c.job.time = std::chrono::seconds(v); }}},
        {"memory_limit_mib", {64, kMostMiB, [](Config& c, auto v) { c.job.memoryBytes = v * kMiB; }}},
        {"output_limit_mib", {1, kMostMiB, [](Config& c, auto v) { c.job.outputBytes = v * kMiB; }}}}},
      {"uploads",
       {{"file_limit_mib", {1, kMostMiB, [](Config& c, auto v) { c.fileBytes = v * kMiB; }}},
        {"publish_limit_mib", {1, kMostMiB, [](Config& c, auto v) { c.publishBytes = v * kMiB; }}},
        {"files_limit", {1, 1000000, [](Config& c, auto v) { c.linkFiles = v; }}}}},
      {"import", {}},
      {"publish", {}},
      {"cache",
       {{"inputs_limit_mib", {1, kMostMiB, [](Config& c, auto v) { c.inputCacheBytes = v * kMiB; }}}}},
      {"archive", {{"signing_key", Key([](Config& c, const std::string& v) { c.signingKey = v; })}}},
      {"http",
       {{"connections_limit",
         {1, 100000, [](Config& c, auto v) { c.http.connections = static_cast<unsigned>(v); }}},
        {"header_limit_kib", {1, 1024, [](Config& c, auto v) { c.http.headerBytes = v << 10; }}},
        {"request_seconds", {1, 3600, [](Config& c, auto v) { c.http.request = std::chrono::seconds(v); }}},
        {"idle_seconds", {1, 3600, [](Config& c, auto v) { c.http.idle = std::chrono::seconds(v); }}},
        {"stall_seconds", {1, 3600, [](Config& c, auto v) { c.http.stall = std::chrono::seconds(v); }}},
        {"readers", {1, 256, [](Config& c, auto v) { c.http.readers = static_cast<unsigned>(v); }}}}},
      {"shutdown",
       {{"drain_seconds", {0, 3600, [](Config& c, auto v) { c.drain = std::chrono::seconds(v); }}}}},
  };
  return kKnown;
}

struct List {
  std::vector<std::string> Config::* words;
  bool (*isWord)(std::string_view) = nullptr; ///< none: any text
  const char* expected = "";
};

/// Keys whose values are lists of strings, by "section.key".
const std::map<std::string, List, std::less<>>& knownLists() {
  static const std::map<std::string, List, std::less<>> kKnown = {
      {"import.trusted_keys", {&Config::trustedKeys}},
      {"publish.required_roles",
       {&Config::requiredRoles, store::isRole,
        "no role: lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit"}},
  };
  return kKnown;
}

/// nullopt: not a list of strings.
std::optional<std::vector<std::string>> wordsIn(const toml::node& node) {
  if (!node.is_array())
    return std::nullopt;
  std::vector<std::string> words;
  for (const toml::node& element : *node.as_array()) {
    const auto word = element.value_exact<std::string>();
    if (!word || word->empty())
      return std::nullopt;
    words.push_back(*word);
  }
  return words;
}

class Reader {
public:
  explicit Reader(const std::filesystem::path& file) : file_(file.string()) {}

  Result<Config> read(const toml::table& root) {
    for (const auto& [name, node] : root) {
      const auto section = knownKeys().find(name.str());
      if (section == knownKeys().end())
        return wrong(name.source().begin.line, "unknown section or key '" + std::string(name.str()) + "'");
      if (!node.is_table())
        return wrong(name.source().begin.line,
                     "'" + std::string(name.str()) + "' is a section: [" + std::string(name.str()) + "]");
      ROMLINK_TRY(readSection(section->first, section->second, *node.as_table()));
    }
    return config_;
  }

private:
  Result<void> readSection(const std::string& title, const Section& section, const toml::table& table) {
    for (const auto& [name, node] : table) {
      const auto line = name.source().begin.line;
      if (const auto list = knownLists().find(title + "." + std::string(name.str()));
          list != knownLists().end()) {
        ROMLINK_TRY(readList(list->second, std::string(name.str()), node, line));
        continue;
      }
      const auto key = section.find(name.str());
      if (key == section.end())
        return wrong(line, "unknown key '" + std::string(name.str()) + "'");
      if (key->second.setText) {
        const auto text = node.value_exact<std::string>();
        if (!text || text->empty())
          return wrong(line, "'" + std::string(name.str()) + "' is a text");
        key->second.setText(config_, *text);
        continue;
      }
      const auto value = node.value_exact<std::int64_t>();
      if (!value || *value < key->second.least || *value > key->second.most)
        return wrong(line, "'" + std::string(name.str()) + "' is a whole number from " +
                               std::to_string(key->second.least) + " to " + std::to_string(key->second.most));
      key->second.set(config_, static_cast<std::uint64_t>(*value));
    }
    return {};
  }

  Result<void> readList(const List& list, const std::string& name, const toml::node& node,
                        toml::source_index line) {
    auto words = wordsIn(node);
    if (!words)
      return wrong(line, "'" + name + "' is a list of strings: [\"...\"]");
    for (const std::string& word : *words)
      if (list.isWord != nullptr && !list.isWord(word))
        return wrong(line, std::string("'").append(word).append("' in '").append(name).append("' is ").append(
                               list.expected));
    config_.*list.words = std::move(*words);
    return {};
  }

  tl::unexpected<Error> wrong(toml::source_index line, std::string why) const {
    return fail(ErrorCode::Usage, "cannot use the configuration", file_ + ":" + std::to_string(line),
                std::move(why));
  }

  std::string file_;
  Config config_;
};

} // namespace

Result<Config> readConfig(const std::filesystem::path& file) {
  ROMLINK_ASSIGN(const auto content, readFile(file));
  try {
    return Reader(file).read(toml::parse(asText(content), file.string()));
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::Usage, "cannot use the configuration",
                file.string() + ":" + std::to_string(error.source().begin.line),
                std::string(error.description()));
  }
}

} // namespace romlink::server
