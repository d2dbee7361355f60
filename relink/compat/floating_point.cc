#include "relink/compat/floating_point.h"

#include "relink/compat/build_facts.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace romlink::relink {
namespace {

/// Freedoms that change results, one bit each.
constexpr std::uint32_t kFirst = 1;
constexpr std::uint32_t kAssociative = kFirst << 0U, kReciprocal = kFirst << 1U, kZeros = kFirst << 2U,
                        kApproximate = kFirst << 3U, kNoNans = kFirst << 4U, kNoInfinities = kFirst << 5U,
                        kComplex = kFirst << 6U, kSingleConstants = kFirst << 7U;
constexpr std::uint32_t kUnsafe = kAssociative | kReciprocal | kZeros | kApproximate;
constexpr std::uint32_t kFinite = kNoNans | kNoInfinities;
constexpr std::uint32_t kFast = kUnsafe | kFinite | kComplex;

struct Freedom {
  std::string_view option;
  std::uint32_t bits;
  bool given;
};

constexpr Freedom kFreedoms[] = {
    {"-ffast-math", kFast, true},
    {"-fno-fast-math", kFast, false},
    {"-ffp-model=fast", kFast, true},
    {"-ffp-model=aggressive", kFast, true},
    {"-ffp-model=precise", kFast, false},
    {"-ffp-model=strict", kFast, false},
    {"-funsafe-math-optimizations", kUnsafe, true},
    {"-fno-unsafe-math-optimizations", kUnsafe, false},
    {"-fassociative-math", kAssociative, true},
    {"-fno-associative-math", kAssociative, false},
    {"-freciprocal-math", kReciprocal, true},
    {"-fno-reciprocal-math", kReciprocal, false},
    {"-fno-signed-zeros", kZeros, true},
    {"-fsigned-zeros", kZeros, false},
    {"-fapprox-func", kApproximate, true},
    {"-fno-approx-func", kApproximate, false},
    {"-ffinite-math-only", kFinite, true},
    {"-fno-finite-math-only", kFinite, false},
    {"-fno-honor-nans", kNoNans, true},
    {"-fhonor-nans", kNoNans, false},
    {"-fno-honor-infinities", kNoInfinities, true},
    {"-fhonor-infinities", kNoInfinities, false},
    {"-fcx-limited-range", kComplex, true},
    {"-fno-cx-limited-range", kComplex, false},
    {"-fcx-fortran-rules", kComplex, true},
    {"-fno-cx-fortran-rules", kComplex, false},
    {"-fsingle-precision-constant", kSingleConstants, true},
    {"-fno-single-precision-constant", kSingleConstants, false},
};

struct Group {
  std::uint32_t bits;
  std::string_view words;
};
/// Larger ones first.
constexpr Group kInWords[] = {
    {kFast, value::kYes},
    {kUnsafe, "-funsafe-math-optimizations"},
    {kFinite, "-ffinite-math-only"},
    {kAssociative, "-fassociative-math"},
    {kReciprocal, "-freciprocal-math"},
    {kZeros, "-fno-signed-zeros"},
    {kApproximate, "-fapprox-func"},
    {kNoNans, "-fno-honor-nans"},
    {kNoInfinities, "-fno-honor-infinities"},
    {kComplex, "-fcx-limited-range"},
    {kSingleConstants, "-fsingle-precision-constant"},
};

std::string inWords(std::uint32_t freedoms) {
  std::string words;
  for (const Group& group : kInWords)
    if ((freedoms & group.bits) == group.bits) {
      words += (words.empty() ? "" : " ") + std::string(group.words);
      freedoms &= ~group.bits;
    }
  return words.empty() ? std::string(value::kNo) : words;
}

bool isLevel(std::string_view option) {
  return option.starts_with("-O") && option.size() <= 6;
}

/// C in a mode of ISO without extensions, where gcc does not contract.
bool isStrictDialect(std::string_view option) {
  return option == "-ansi" || option.starts_with("-std=iso9899:") ||
         (option.starts_with("-std=c") && !option.starts_with("-std=c++"));
}

class Reading {
public:
  Reading(bool whole, Compiler compiler) : compiler_(compiler), whole_(whole) {}

  void read(std::string_view option) {
    const auto freedom = std::find_if(std::begin(kFreedoms), std::end(kFreedoms),
                                      [&](const Freedom& known) { return known.option == option; });
    if (freedom != std::end(kFreedoms)) {
      freedoms_ = freedom->given ? freedoms_ | freedom->bits : freedoms_ & ~freedom->bits;
      if ((freedom->bits & kFast) == kFast) {
        all_ = true;
        dynamicRounding_ = option == "-ffp-model=strict";
      }
    }
    if (option == "-frounding-math" || option == "-fno-rounding-math")
      dynamicRounding_ = option == "-frounding-math";
    else if (option.starts_with("-ffp-contract="))
      contract_ = option.substr(option.find('=') + 1);
    else if (option == "-ffp-model=strict")
      contract_ = "off";
    else if (option.starts_with("-std=") || option == "-ansi")
      strictDialect_ = isStrictDialect(option);
  }

  [[nodiscard]] std::map<std::string_view, std::string> told() const {
    std::map<std::string_view, std::string> said;
    if (whole_ || all_ || freedoms_ != 0)
      said[flag::kFastMath] = inWords(freedoms_);
    if (whole_ || dynamicRounding_)
      said[flag::kRounding] = dynamicRounding_.value_or(false) ? value::kYes : value::kNo;
    if (const auto contract = contraction(); !contract.empty())
      said[flag::kFpContract] = contract;
    return said;
  }

private:
  /// gcc contracts across statements by default, clang within an expression. Empty: not told.
  [[nodiscard]] std::string_view contraction() const {
    if (contract_.empty())
      return !whole_ || compiler_ == Compiler::Unknown || (compiler_ == Compiler::Gcc && strictDialect_)
                 ? std::string_view()
                 : value::kDefault;
    if (compiler_ == Compiler::Gcc)
      return contract_ == "fast" ? value::kDefault : value::kOff; // it takes "on" for "off"
    return contract_ == "off" ? value::kOff : contract_ == "on" ? value::kDefault : "fast";
  }

  Compiler compiler_;
  bool whole_;
  std::uint32_t freedoms_ = 0;
  bool all_ = false; ///< an option that decides all of them
  std::optional<bool> dynamicRounding_;
  std::string contract_;
  bool strictDialect_ = false;
};

} // namespace

std::map<std::string_view, std::string> floatingPointFlags(const std::vector<std::string>& options,
                                                           bool whole, Compiler compiler) {
  const auto level = std::find_if(options.rbegin(), options.rend(), isLevel);
  const bool fast = level != options.rend() && *level == "-Ofast";
  Reading reading(whole, compiler);
  // gcc takes a level for what comes before all other options, clang where it stands.
  if (fast && compiler != Compiler::Clang)
    reading.read("-ffast-math");
  for (const std::string& option : options) {
    reading.read(option);
    if (fast && compiler == Compiler::Clang && option == "-Ofast")
      reading.read("-ffast-math");
  }
  return reading.told();
}

} // namespace romlink::relink
