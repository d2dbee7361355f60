// Types as C programmers write them, for differences and notes.
#pragma once

#include "relink/compat/type_graph.h"

#include <string>
#include <string_view>

namespace romlink::relink {

/// A base type's name as clang spells it: "unsigned long" of gcc's "long unsigned int".
[[nodiscard]] std::string cSpelling(std::string_view name);

/// A template's name in one spelling: "Array<short,4>" of gcc's "Array<short int, 4>" and clang's
/// "Array<short, 4U>".
[[nodiscard]] std::string templateSpelling(std::string name);

/// "struct s", "mbedtls_sha256_context", "const char *", "unsigned char[64]", "int (*)(void *, unsigned
/// int)".
[[nodiscard]] std::string describe(const TypeGraph& graph, TypeRef type);

/// The same without typedefs: "long long" of "time_t".
[[nodiscard]] std::string describeResolved(const TypeGraph& graph, TypeRef type);

/// "unsigned char buffer[64]".
[[nodiscard]] std::string declare(const TypeGraph& graph, TypeRef type, const std::string& name);

} // namespace romlink::relink
