#include "relink/compat/spelling.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <sstream>
#include <vector>

namespace romlink::relink {
namespace {

constexpr int kDeepest = 6; ///< levels of a type that are written out

std::string qualifierText(std::uint8_t qualifiers) {
  std::string text;
  for (const auto& [bit, word] : {std::pair(kConst, "const "), std::pair(kVolatile, "volatile ")})
    if ((qualifiers & bit) != 0)
      text += word;
  return text;
}

class Speller {
public:
  Speller(const TypeGraph& graph, bool throughTypedefs) : graph_(graph), throughTypedefs_(throughTypedefs) {}

  /// The declaration of `declarator`, which is "" or "*" and the like.
  [[nodiscard]] std::string spell(TypeRef ref, std::string declarator, int depth = 0) const {
    if (throughTypedefs_)
      ref = graph_.resolve(ref);
    const TypeNode& node = graph_.nodes[ref.type];
    if (depth > kDeepest)
      return "...";
    const bool binds = declarator.starts_with('*') || declarator.starts_with('&'); // less than [] and ()
    switch (node.kind) {
    case TypeKind::Pointer:
      return spell(node.target, "*" + pointerQualifiers(ref.qualifiers) + declarator, depth + 1);
    case TypeKind::Reference:
      return spell(node.target, "&" + declarator, depth + 1);
    case TypeKind::RvalueReference:
      return spell(node.target, "&&" + declarator, depth + 1);
    case TypeKind::Array:
      return spell(node.target,
                   (binds ? "(" + declarator + ")" : declarator) + "[" + countText(node.count) + "]",
                   depth + 1);
    case TypeKind::Function:
      return spell(node.target, (binds ? "(" + declarator + ")" : declarator) + parameters(node, depth),
                   depth + 1);
    case TypeKind::Object:
      return spell(node.target, declarator, depth + 1);
    default: {
      const bool spaced = !declarator.empty() && !declarator.starts_with('[');
      return qualifierText(ref.qualifiers) + nameOf(node) + (spaced ? " " : "") + declarator;
    }
    }
  }

private:
  static std::string pointerQualifiers(std::uint8_t qualifiers) {
    std::string text;
    if ((qualifiers & kConst) != 0)
      text += "const ";
    if ((qualifiers & kVolatile) != 0)
      text += "volatile ";
    return text;
  }
  static std::string countText(std::int64_t count) {
    return count == kFlexible ? "" : count == kVariable ? "*" : std::to_string(count);
  }
  [[nodiscard]] std::string parameters(const TypeNode& function, int depth) const {
    if (!function.isPrototyped && function.fields.empty())
      return "()";
    std::vector<std::string> texts;
    for (const TypeField& field : function.fields)
      texts.push_back(spell(field.type, "", depth + 1));
    if (function.isVariadic)
      texts.emplace_back("...");
    return texts.empty() ? "(void)" : fmt::format("({})", fmt::join(texts, ", "));
  }
  static std::string nameOf(const TypeNode& node) {
    const char* tag = node.kind == TypeKind::Struct  ? "struct"
                      : node.kind == TypeKind::Union ? "union"
                      : node.kind == TypeKind::Enum  ? "enum"
                                                     : "";
    if (node.kind == TypeKind::Void)
      return "void";
    if (node.kind == TypeKind::MemberPointer)
      return "pointer to member";
    if (*tag == '\0')
      return node.name;
    return node.name.empty() ? fmt::format("anonymous {}", tag) : fmt::format("{} {}", tag, node.name);
  }

  const TypeGraph& graph_;
  bool throughTypedefs_;
};

} // namespace

std::string cSpelling(std::string_view name) {
  std::istringstream stream{std::string(name)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  const auto count = [&](std::string_view word) { return std::count(words.begin(), words.end(), word); };
  const bool longer = count("long") + count("short") > 0;
  if (longer && count("double") == 0)
    std::erase(words, "int");
  if (longer && count("signed") > 0)
    std::erase(words, "signed");
  std::stable_partition(words.begin(), words.end(), [](const std::string& w) { return w == "unsigned"; });
  return fmt::format("{}", fmt::join(words, " "));
}

std::string templateSpelling(std::string name) {
  if (name.find('<') == std::string::npos)
    return name;
  std::string result;
  std::string part;
  const auto flush = [&] {
    part.erase(0, part.find_first_not_of(' '));
    const bool isNumber = !part.empty() && std::isdigit(static_cast<unsigned char>(part.front())) != 0;
    if (isNumber)
      part.erase(part.find_last_not_of("uUlL") + 1);
    result += isNumber ? part : cSpelling(part);
    part.clear();
  };
  for (const char c : name) {
    const bool separates = c == '<' || c == '>' || c == ',' || c == '*' || c == '&' || c == '(' || c == ')';
    if (separates)
      flush();
    (separates ? result : part) += c;
  }
  flush();
  return result;
}

std::string describe(const TypeGraph& graph, TypeRef type) {
  return Speller(graph, false).spell(type, "");
}

std::string declare(const TypeGraph& graph, TypeRef type, const std::string& name) {
  return Speller(graph, false).spell(type, name);
}

std::string describeResolved(const TypeGraph& graph, TypeRef type) {
  return Speller(graph, true).spell(type, "");
}

} // namespace romlink::relink
