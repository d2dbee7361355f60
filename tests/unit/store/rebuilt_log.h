// The log's tree once more, by RFC 9162's recursive definition and from what plain SQL gives: shares no code
// with store/log.h.
#pragma once

#include "base/digest.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace romlink::store {

/// Section 2.1.1, over the data of the leaves.
Digest rootByDefinition(const std::vector<std::string>& leaves);

/// The data of all leaves of an archive's log.
std::vector<std::string> leavesOf(const std::filesystem::path& database);

/// "LEVEL|POSITION" to hash in upper-case hex: what the database has, and what it must have.
std::map<std::string, std::string> nodesOf(const std::filesystem::path& database);
std::map<std::string, std::string> nodesByDefinition(const std::filesystem::path& database);

/// Statements that make nodes and roots fit the entries again, as somebody without the key could.
std::string repairOfTree(const std::filesystem::path& database);

} // namespace romlink::store
