#include "relink/report/message_strings.h"

#include <vector>

namespace romlink::report {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Replacement = std::function<std::optional<std::string>(const std::string&)>;

namespace {

void replaceField(Message& message, const Reflection& reflection, const FieldDescriptor& field,
                  const Replacement& replacement) {
  std::string scratch;
  if (!field.is_repeated()) {
    if (auto text = replacement(reflection.GetStringReference(message, &field, &scratch)))
      reflection.SetString(&message, &field, std::move(*text));
    return;
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i)
    if (auto text = replacement(reflection.GetRepeatedStringReference(message, &field, i, &scratch)))
      reflection.SetRepeatedString(&message, &field, i, std::move(*text));
}

} // namespace

void replaceStrings(Message& message, const Replacement& replacement) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      replaceField(message, reflection, *field, replacement);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated())
        replaceStrings(*reflection.MutableMessage(&message, field), replacement);
      else
        for (int i = 0; i < reflection.FieldSize(message, field); ++i)
          replaceStrings(*reflection.MutableRepeatedMessage(&message, field, i), replacement);
    }
  }
}

} // namespace romlink::report
