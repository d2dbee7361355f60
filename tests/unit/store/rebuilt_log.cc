#include "rebuilt_log.h"

#include "fixture.h"

namespace romlink::store {
namespace {

std::string upperHex(const Digest& digest) {
  std::string text = digest.hex();
  for (char& c : text)
    c = static_cast<char>(std::toupper(c));
  return text;
}

} // namespace

Digest rootByDefinition(const std::vector<std::string>& leaves) {
  if (leaves.empty())
    return sha256Of(std::string_view(""));
  if (leaves.size() == 1)
    return sha256Of(std::string(1, '\0') + leaves.front());
  std::size_t k = 1;
  while (2 * k < leaves.size())
    k *= 2;
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(k);
  const Digest left = rootByDefinition({leaves.begin(), middle});
  const Digest right = rootByDefinition({middle, leaves.end()});
  return sha256Of("\x01" + std::string(asText(left.bytes)) + std::string(asText(right.bytes)));
}

std::vector<std::string> leavesOf(const std::filesystem::path& database) {
  return sql(database, "SELECT '13:romlink-log-1,' || length(kind) || ':' || kind || ',64:' ||"
                       " lower(hex(record_digest)) || ',' FROM log_entry ORDER BY position");
}

std::map<std::string, std::string> nodesOf(const std::filesystem::path& database) {
  std::map<std::string, std::string> nodes;
  for (const std::string& row : sql(database, "SELECT level, position, hex(hash) FROM log_node"))
    nodes[row.substr(0, row.rfind('|'))] = row.substr(row.rfind('|') + 1);
  return nodes;
}

std::map<std::string, std::string> nodesByDefinition(const std::filesystem::path& database) {
  const auto leaves = leavesOf(database);
  std::map<std::string, std::string> nodes;
  for (std::size_t level = 1; std::size_t{1} << level <= leaves.size(); ++level)
    for (std::size_t position = 0; (position + 1) << level <= leaves.size(); ++position) {
      const auto first = leaves.begin() + static_cast<std::ptrdiff_t>(position << level);
      nodes[std::to_string(level) + "|" + std::to_string(position)] =
          upperHex(rootByDefinition({first, first + (std::ptrdiff_t{1} << level)}));
    }
  return nodes;
}

std::string repairOfTree(const std::filesystem::path& database) {
  std::string statements = "DELETE FROM log_node;";
  for (const auto& [place, hash] : nodesByDefinition(database)) {
    std::string values = place;
    values.replace(values.find('|'), 1, ", ");
    statements += "INSERT INTO log_node VALUES (" + values + ", x'" + hash + "');";
  }
  const auto leaves = leavesOf(database);
  for (const std::string& size : sql(database, "SELECT size FROM signed_head"))
    if (std::stoul(size) <= leaves.size())
      statements.append("UPDATE signed_head SET root = x'")
          .append(rootByDefinition({leaves.begin(), leaves.begin() + std::stol(size)}).hex())
          .append("' WHERE size = ")
          .append(size)
          .append(";");
  return statements;
}

} // namespace romlink::store
