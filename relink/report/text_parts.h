// Parts that several texts have: findings, and tables cut to their head.
#pragma once

#include "relink/report/render.h"
#include "relink/report/text_table.h"

#include <google/protobuf/repeated_ptr_field.h>
#include <string>

namespace romlink::report {

/// "error: CODE: SYMBOL: MESSAGE", one a line, after an empty line; empty if there are none.
[[nodiscard]] std::string
findingsText(const google::protobuf::RepeatedPtrField<romlink::v1::Finding>& findings, const Pen& pen);

/// How many of `size` entries a text lists: all, or the first ten.
[[nodiscard]] int shownOf(int size, const TextStyle& style);

} // namespace romlink::report
