#include "client/linker_arguments.h"

#include "client/linker_options.h"

#include <algorithm>

namespace romlink::client {
namespace {

// One option of the command line, taken apart.
struct Occurrence {
  const LinkerOption* option;
  std::string dashes;
  std::string value;
  bool hasValue = false; ///< joined to the option
};

class Parser {
public:
  explicit Parser(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  Result<LinkerArguments> parse() {
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_++];
      if (argument.empty() || argument.front() != '-' || argument == "-") {
        parsed_.items.push_back({LinkerItem::Kind::Input, "{}", argument});
        continue;
      }
      Occurrence found = takeApart(argument);
      if (found.option == nullptr) {
        pass(argument);
        continue;
      }
      const bool separate = found.option->value == OptionValue::Next && !found.hasValue;
      if (separate) {
        if (next_ == arguments_.size())
          return fail(ErrorCode::Usage, "linker option lacks its value", argument);
        found.value = arguments_[next_++];
      }
      ROMLINK_TRY(apply(found, argument, separate));
    }
    return std::move(parsed_);
  }

private:
  // The longest name wins: -Ttext=0 is not -T with "text=0".
  static Occurrence takeApart(const std::string& argument) {
    const bool twoDashes = argument.starts_with("--");
    const std::string body = argument.substr(twoDashes ? 2 : 1);
    const std::size_t equals = body.find('=');
    const std::string name = body.substr(0, equals);
    if (name.size() > 1 && (twoDashes || name.front() != 'o'))
      if (const LinkerOption* option = findLinkerOption(name)) {
        const bool takesValue = option->value != OptionValue::None;
        if (equals == std::string::npos)
          return {option, twoDashes ? "--" : "-", {}};
        if (takesValue)
          return {option, twoDashes ? "--" : "-", body.substr(equals + 1), true};
      }
    if (twoDashes || body.empty())
      return {nullptr, {}, {}};
    const LinkerOption* option = findLinkerOption(body.substr(0, 1));
    if (option == nullptr || (option->value == OptionValue::None && body.size() > 1))
      return {nullptr, {}, {}};
    return {option, "-", body.substr(1), body.size() > 1};
  }

  void pass(std::string text) { parsed_.items.push_back({LinkerItem::Kind::Text, std::move(text), {}}); }

  void addFile(LinkerItem::Kind kind, const Occurrence& found) {
    const std::string name(found.option->name);
    const bool isShort = name.size() == 1;
    // "--name={}" suits every long option; -dT is short in all but its length
    const std::string text = isShort        ? "-" + name + "{}"
                             : name == "dT" ? "--default-script={}"
                                            : "--" + name + "={}";
    parsed_.items.push_back({kind, text, found.value});
  }

  Result<void> apply(const Occurrence& found, const std::string& argument, bool separate) {
    switch (found.option->use) {
    case OptionUse::Pass:
      pass(argument);
      if (separate)
        pass(found.value);
      return {};
    case OptionUse::Refuse:
      return fail(ErrorCode::Usage, "linker option is not supported", argument, {},
                  std::string(found.option->note));
    case OptionUse::File:
      addFile(LinkerItem::Kind::File, found);
      return {};
    case OptionUse::Script:
      addFile(LinkerItem::Kind::Script, found);
      return {};
    case OptionUse::Library:
      parsed_.items.push_back({LinkerItem::Kind::Library, "{}", found.value, static_});
      return {};
    case OptionUse::SearchDir:
      parsed_.searchDirs.push_back(found.value);
      return {};
    case OptionUse::Sysroot:
      parsed_.sysroot = found.value;
      return {};
    default:
      applyOutput(found);
      applyState(found, argument);
      return {};
    }
  }

  void applyOutput(const Occurrence& found) {
    switch (found.option->use) {
    case OptionUse::Output:
      parsed_.output = found.value;
      break;
    case OptionUse::Map:
      parsed_.map = found.value;
      break;
    case OptionUse::PrintMap:
      parsed_.printMap = true;
      break;
    case OptionUse::DepFile:
      parsed_.dependencyFile = found.value;
      break;
    case OptionUse::Version:
      parsed_.version = parsed_.nothingElse = true;
      break;
    case OptionUse::VersionToo:
      parsed_.version = true;
      break;
    case OptionUse::Help:
      parsed_.help = parsed_.nothingElse = true;
      break;
    default:
      break;
    }
  }

  // These change how libraries are found, and the linker is told as well.
  void applyState(const Occurrence& found, const std::string& argument) {
    switch (found.option->use) {
    case OptionUse::Static:
      static_ = true;
      break;
    case OptionUse::Dynamic:
      static_ = false;
      break;
    case OptionUse::PushState:
      states_.push_back(static_);
      break;
    case OptionUse::PopState:
      if (!states_.empty()) {
        static_ = states_.back();
        states_.pop_back();
      }
      break;
    default:
      return;
    }
    pass(argument);
  }

  const std::vector<std::string>& arguments_;
  std::size_t next_ = 0;
  bool static_ = false;
  std::vector<bool> states_;
  LinkerArguments parsed_;
};

} // namespace

bool LinkerArguments::hasInputs() const {
  return std::any_of(items.begin(), items.end(), [](const LinkerItem& item) {
    return item.kind == LinkerItem::Kind::Input || item.kind == LinkerItem::Kind::Library;
  });
}

Result<LinkerArguments> parseLinkerArguments(const std::vector<std::string>& arguments) {
  return Parser(arguments).parse();
}

} // namespace romlink::client
