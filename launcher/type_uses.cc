#include "launcher/type_uses.h"

#include <clang/AST/ASTContext.h>
#include <clang/AST/RecordLayout.h>
#include <clang/AST/RecursiveASTVisitor.h>
#include <fmt/format.h>
#include <set>

namespace romlink::launcher {
namespace {

class Visitor : public clang::RecursiveASTVisitor<Visitor> {
public:
  Visitor(clang::ASTContext& context, TypeUses& uses) : context_(context), uses_(uses) {}

  bool VisitExpr(clang::Expr* expression) {
    const clang::QualType type = expression->getType();
    uses_.floatingPoint |= !type.isNull() && type->hasFloatingRepresentation();
    if (type.isNull() || expression->containsErrors())
      return true;
    const bool isWhole = type->isRecordType() || type->isArrayType();
    if (isWhole ? expression->isPRValue() : expression->isGLValue() && !isPlainLocal(*expression))
      access(type); // a whole one is copied, or made of a list; else its parts are expressions
    return true;
  }

  bool VisitUnaryOperator(clang::UnaryOperator* expression) {
    const clang::QualType type = expression->getSubExpr()->getType();
    if (expression->getOpcode() == clang::UO_AddrOf && !type->isFunctionType() && !type->isRecordType())
      access(type);
    if (expression->isPostfix())
      takeValue(expression->getSubExpr());
    return true;
  }

  bool VisitStmtExpr(clang::StmtExpr* expression) {
    if (!expression->getSubStmt()->body_empty())
      takeValue(llvm::dyn_cast<clang::Expr>(expression->getSubStmt()->body_back()));
    return true;
  }

  bool VisitTypeOfExprTypeLoc(clang::TypeOfExprTypeLoc type) {
    takeValue(type.getUnderlyingExpr());
    return true;
  }

  /// Which alignment of an object or a function is meant, gcc and clang answer differently.
  bool VisitUnaryExprOrTypeTraitExpr(clang::UnaryExprOrTypeTraitExpr* expression) {
    const bool ofType = expression->isArgumentType();
    if (expression->getKind() == clang::UETT_AlignOf || expression->getKind() == clang::UETT_PreferredAlignOf)
      uses_.unstable |= !ofType || expression->getArgumentType()->isFunctionType();
    else if (!ofType)
      takeValue(expression->getArgumentExpr());
    return true;
  }

  bool VisitBinaryOperator(clang::BinaryOperator* expression) {
    if (expression->getOpcode() == clang::BO_Comma)
      discard(expression->getLHS());
    return true;
  }

  bool VisitStmt(clang::Stmt* statement) {
    if (!llvm::isa<clang::Expr, clang::DeclStmt, clang::ReturnStmt>(statement))
      for (const clang::Stmt* part : statement->children())
        discard(llvm::dyn_cast_or_null<clang::Expr>(part));
    return true;
  }

  /// gcc gives a bit-field wider than int a type of its width, clang the type that it is declared with.
  bool VisitFieldDecl(clang::FieldDecl* member) {
    uses_.bitFields |= member->isBitField() && !member->isInvalidDecl() &&
                       member->getBitWidthValue(context_) > context_.getTypeSize(context_.IntTy);
    return true;
  }

  bool VisitCallExpr(clang::CallExpr* call) {
    const auto* callee = call->getDirectCallee();
    if (callee != nullptr && callee->getBuiltinID() != 0)
      for (const clang::Expr* argument : call->arguments())
        accessThrough(argument->getType());
    return true;
  }

  bool VisitAtomicExpr(clang::AtomicExpr* expression) {
    for (const clang::Stmt* part : expression->children())
      if (const auto* argument = llvm::dyn_cast_or_null<clang::Expr>(part))
        accessThrough(argument->getType());
    return true;
  }

  bool VisitVarDecl(clang::VarDecl* variable) {
    uses_.floatingPoint |= variable->getType()->hasFloatingRepresentation();
    if (variable->getType()->getContainedAutoType() != nullptr)
      takeValue(variable->getInit());
    return true;
  }

  bool VisitCompoundLiteralExpr(clang::CompoundLiteralExpr* literal) {
    uses_.staticLiteral |= literal->isFileScope();
    return true;
  }

  bool VisitTagDecl(clang::TagDecl* tag) {
    if (tag->getParentFunctionOrMethod() != nullptr)
      uses_.layouts += "local layout " + layoutOf(context_, *tag) + '\n';
    return true;
  }

private:
  /// Where the value of a bit-field is not promoted, gcc gives it a type of its width: `s.a++`, `({ s.a; })`.
  void takeValue(const clang::Expr* expression) {
    uses_.bitFields |= expression != nullptr && expression->getSourceBitField() != nullptr;
  }

  /// An expression whose value is not used: clang reads a volatile structure, gcc does not.
  void discard(const clang::Expr* expression) {
    if (expression == nullptr)
      return;
    const clang::Expr* plain = expression->IgnoreParenCasts();
    if (const auto* comma = llvm::dyn_cast<clang::BinaryOperator>(plain);
        comma != nullptr && comma->getOpcode() == clang::BO_Comma)
      return discard(comma->getRHS());
    if (const auto* choice = llvm::dyn_cast<clang::AbstractConditionalOperator>(plain)) {
      discard(choice->getTrueExpr());
      return discard(choice->getFalseExpr());
    }
    const clang::QualType type = plain->getType();
    uses_.unstable |=
        !type.isNull() && plain->isGLValue() && type->isRecordType() && type.isVolatileQualified();
  }

  /// A variable of a body is memory only where its address is taken, and `*&x` is an expression of its own.
  static bool isPlainLocal(const clang::Expr& expression) {
    const auto* reference = llvm::dyn_cast<clang::DeclRefExpr>(&expression);
    if (reference == nullptr)
      return false;
    const auto* variable = llvm::dyn_cast<clang::VarDecl>(reference->getDecl());
    return variable == nullptr ? llvm::isa<clang::FunctionDecl>(reference->getDecl())
                               : variable->hasLocalStorage();
  }

  void accessThrough(clang::QualType pointer) {
    if (const auto* type = pointer.getCanonicalType()->getAs<clang::PointerType>())
      access(type->getPointeeType());
  }

  void access(clang::QualType type) {
    const clang::Type* plain = type.getCanonicalType().getTypePtr();
    if (const auto* atomic = llvm::dyn_cast<clang::AtomicType>(plain))
      access(atomic->getValueType());
    else if (const auto* complex = llvm::dyn_cast<clang::ComplexType>(plain))
      access(complex->getElementType());
    else if (const auto* vector = llvm::dyn_cast<clang::VectorType>(plain))
      access(vector->getElementType());
    else if (const auto* array = llvm::dyn_cast<clang::ArrayType>(plain))
      access(array->getElementType());
    else if (const auto* pointer = llvm::dyn_cast<clang::PointerType>(plain))
      accessPointer(*pointer);
    else if (const auto* function = llvm::dyn_cast<clang::FunctionType>(plain))
      accessSignature(*function);
    else if (const auto* record = llvm::dyn_cast<clang::RecordType>(plain))
      accessMembers(*record->getDecl());
    else
      accessNumber(*plain);
  }

  /// Memory that is accessed as an `int *` is told apart from a `long *`, too.
  void accessPointer(const clang::PointerType& pointer) {
    if (!pointer.getPointeeType()->isRecordType()) // which has a name
      access(pointer.getPointeeType());
  }

  void accessSignature(const clang::FunctionType& function) {
    const auto accessPart = [&](clang::QualType type) {
      if (!type->isRecordType())
        access(type);
    };
    accessPart(function.getReturnType());
    if (const auto* prototype = llvm::dyn_cast<clang::FunctionProtoType>(&function))
      for (const clang::QualType parameter : prototype->param_types())
        accessPart(parameter);
  }

  void accessMembers(const clang::RecordDecl& record) {
    const clang::RecordDecl* complete = record.getDefinition();
    if (complete == nullptr || !seen_.insert(complete).second)
      return;
    for (const clang::FieldDecl* member : complete->fields())
      access(member->getType());
  }

  void accessNumber(const clang::Type& type) {
    const auto* enumeration = llvm::dyn_cast<clang::EnumType>(&type);
    const auto* builtin = llvm::dyn_cast<clang::BuiltinType>(&type);
    if (enumeration != nullptr) {
      uses_.ints |= enumeration->isIncompleteType() ||
                    context_.getTypeSize(&type) == context_.getTypeSize(context_.IntTy);
    } else if (builtin != nullptr) {
      const auto kind = builtin->getKind();
      uses_.ints |= kind == clang::BuiltinType::Int || kind == clang::BuiltinType::UInt;
      uses_.longs |= kind == clang::BuiltinType::Long || kind == clang::BuiltinType::ULong;
    }
  }

  clang::ASTContext& context_;
  TypeUses& uses_;
  std::set<const clang::RecordDecl*> seen_;
};

} // namespace

void addUses(clang::ASTContext& context, const clang::NamedDecl& declaration, TypeUses& uses) {
  Visitor(context, uses).TraverseDecl(const_cast<clang::NamedDecl*>(&declaration));
}

std::string arithmeticType(clang::ASTContext& context, clang::QualType type) {
  const clang::QualType plain = type.getCanonicalType();
  if (context.hasSameType(plain, context.getBuiltinVaListType()))
    return "va_list";
  const auto* builtin = plain->getAs<clang::BuiltinType>();
  if (builtin == nullptr || plain.hasQualifiers() || !builtin->isArithmeticType())
    return {};
  const auto bytes = context.getTypeSizeInChars(plain).getQuantity();
  if (builtin->getKind() == clang::BuiltinType::Bool)
    return "bool";
  if (builtin->isInteger())
    return fmt::format("{}{}", builtin->isSignedInteger() ? 'i' : 'u', bytes);
  return fmt::format("{} {}", builtin->getName(context.getPrintingPolicy()).str(), bytes);
}

std::string layoutOf(clang::ASTContext& context, const clang::NamedDecl& declaration) {
  if (const auto* record = llvm::dyn_cast<clang::RecordDecl>(&declaration);
      record != nullptr && record->isCompleteDefinition() && !record->isInvalidDecl()) {
    const auto& layout = context.getASTRecordLayout(record);
    std::string text =
        fmt::format("{} {}", layout.getSize().getQuantity(), layout.getAlignment().getQuantity());
    for (unsigned i = 0; i < layout.getFieldCount(); ++i)
      text += fmt::format(" {}", layout.getFieldOffset(i));
    return text;
  }
  const auto* enumeration = llvm::dyn_cast<clang::EnumDecl>(&declaration);
  if (enumeration == nullptr || !enumeration->isCompleteDefinition() || enumeration->isInvalidDecl())
    return {};
  return arithmeticType(context, enumeration->getIntegerType());
}

} // namespace romlink::launcher
