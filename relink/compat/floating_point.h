// What options let a compiler do with floating-point arithmetic: each of gcc's and clang's options stands for
// several freedoms (gcc: "Options That Control Optimization"; clang: "Controlling Floating Point Behavior"),
// later ones take some back, and a level of optimisation gives them, too.
//
// Not read: what only concerns which exceptions are raised (-ftrapping-math, -fsignaling-nans), where gcc's
// and clang's defaults differ; -fmath-errno, which changes errno and no result, and which newlib turns off
// for parts of its C library that most programs have; -fexcess-precision, which does nothing for types that a
// processor has.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

enum class Compiler { Unknown, Gcc, Clang };

/// The flags that the options tell, by name. `whole`: an option that is missing was not given.
[[nodiscard]] std::map<std::string_view, std::string>
floatingPointFlags(const std::vector<std::string>& options, bool whole, Compiler compiler);

} // namespace romlink::relink
