// The functions that a compiler calls without being told to: for what the processor cannot do, and for
// copying and clearing. What they do is fixed, and the compilers rely on it.
#pragma once

#include <string_view>

namespace romlink::relink {

/// The helpers of the "Run-time ABI for the Arm Architecture" (RTABI32) and of libgcc (GCC internals, "The
/// GCC low-level runtime library"), and memcpy, memmove, memset, memcmp, which GCC and clang require of every
/// environment.
[[nodiscard]] bool isRuntimeHelper(std::string_view name);

} // namespace romlink::relink
