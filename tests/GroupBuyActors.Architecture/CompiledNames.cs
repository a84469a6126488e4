using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace GroupBuyActors.Architecture;

/// <summary>
/// Which types of an assembly name which others of it: in signatures, base types, attributes and the bodies of methods.
/// What the compiler made for a type (closures, state machines) counts as that type. A constant is compiled in, and so
/// is not seen.
/// </summary>
internal sealed class CompiledNames(MetadataReader metadata, Func<int, byte[]?> bodyAt)
    : ISignatureTypeProvider<ImmutableArray<TypeDefinitionHandle>, object?>
{
    private static readonly Dictionary<int, OperandType> Operands = typeof(OpCodes)
        .GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (int)(ushort)code.Value, code => code.OperandType);

    /// <summary>
    /// Pairs of different types, the first of which names the second; nested types count as the outermost.
    /// </summary>
    public IEnumerable<(TypeDefinitionHandle From, TypeDefinitionHandle To)> Find() =>
        from type in metadata.TypeDefinitions
        from named in NamedBy(metadata.GetTypeDefinition(type))
        let pair = (From: Outermost(type), To: Outermost(named))
        where pair.From != pair.To
        select pair;

    private IEnumerable<TypeDefinitionHandle> NamedBy(TypeDefinition type) =>
        [
            .. Of(type.BaseType),
            .. type.GetInterfaceImplementations()
                .SelectMany(handle => Of(metadata.GetInterfaceImplementation(handle).Interface)),
            .. type.GetCustomAttributes().SelectMany(OfAttribute),
            .. type.GetFields().SelectMany(handle => metadata.GetFieldDefinition(handle).DecodeSignature(this, null)),
            .. type.GetGenericParameters().SelectMany(OfParameter),
            .. type.GetMethods().SelectMany(handle => NamedBy(metadata.GetMethodDefinition(handle))),
        ];

    private IEnumerable<TypeDefinitionHandle> NamedBy(MethodDefinition method)
    {
        IEnumerable<TypeDefinitionHandle> signature =
        [
            .. Of(method.DecodeSignature(this, null)),
            .. method.GetGenericParameters().SelectMany(OfParameter),
            .. method.GetCustomAttributes().SelectMany(OfAttribute),
        ];
        return method.RelativeVirtualAddress != 0 && bodyAt(method.RelativeVirtualAddress) is { } body
            ? signature.Concat(Tokens(body).SelectMany(Of))
            : signature;
    }

    private IEnumerable<TypeDefinitionHandle> OfParameter(GenericParameterHandle handle) =>
        metadata
            .GetGenericParameter(handle)
            .GetConstraints()
            .SelectMany(constraint => Of(metadata.GetGenericParameterConstraint(constraint).Type));

    private IEnumerable<TypeDefinitionHandle> OfAttribute(CustomAttributeHandle handle) =>
        Of(metadata.GetCustomAttribute(handle).Constructor);

    private static ImmutableArray<TypeDefinitionHandle> Of(MethodSignature<ImmutableArray<TypeDefinitionHandle>> one) =>
        [.. one.ReturnType, .. one.ParameterTypes.SelectMany(type => type)];

    private IEnumerable<TypeDefinitionHandle> Of(EntityHandle handle) =>
        handle.IsNil
            ? []
            : handle.Kind switch
            {
                HandleKind.TypeDefinition => [(TypeDefinitionHandle)handle],
                HandleKind.TypeSpecification => metadata
                    .GetTypeSpecification((TypeSpecificationHandle)handle)
                    .DecodeSignature(this, null),
                HandleKind.MethodDefinition =>
                [
                    metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType(),
                ],
                HandleKind.FieldDefinition =>
                [
                    metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType(),
                ],
                HandleKind.MemberReference => Of(metadata.GetMemberReference((MemberReferenceHandle)handle).Parent),
                HandleKind.MethodSpecification => OfCall((MethodSpecificationHandle)handle),
                _ => [],
            };

    private IEnumerable<TypeDefinitionHandle> OfCall(MethodSpecificationHandle handle)
    {
        var call = metadata.GetMethodSpecification(handle);
        return Of(call.Method).Concat(call.DecodeSignature(this, null).SelectMany(type => type));
    }

    private static IEnumerable<EntityHandle> Tokens(byte[] body)
    {
        for (var at = 0; at < body.Length; )
        {
            int code = body[at++];
            if (code == 0xFE)
                code = 0xFE00 | body[at++];
            var operand = Operands[code];
            if (
                operand
                is OperandType.InlineField
                    or OperandType.InlineMethod
                    or OperandType.InlineTok
                    or OperandType.InlineType
            )
                yield return MetadataTokens.EntityHandle(BitConverter.ToInt32(body, at));
            at += Size(operand, body, at);
        }
    }

    private static int Size(OperandType operand, byte[] body, int at) =>
        operand switch
        {
            OperandType.InlineNone => 0,
            OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
            OperandType.InlineVar => 2,
            OperandType.InlineI8 or OperandType.InlineR => 8,
            OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(body, at),
            _ => 4,
        };

    private TypeDefinitionHandle Outermost(TypeDefinitionHandle handle)
    {
        while (metadata.GetTypeDefinition(handle).GetDeclaringType() is { IsNil: false } outer)
            handle = outer;
        return handle;
    }

    public ImmutableArray<TypeDefinitionHandle> GetTypeFromDefinition(
        MetadataReader reader,
        TypeDefinitionHandle handle,
        byte rawTypeKind
    ) => [handle];

    public ImmutableArray<TypeDefinitionHandle> GetTypeFromReference(
        MetadataReader reader,
        TypeReferenceHandle handle,
        byte rawTypeKind
    ) => [];

    public ImmutableArray<TypeDefinitionHandle> GetTypeFromSpecification(
        MetadataReader reader,
        object? genericContext,
        TypeSpecificationHandle handle,
        byte rawTypeKind
    ) => reader.GetTypeSpecification(handle).DecodeSignature(this, null);

    public ImmutableArray<TypeDefinitionHandle> GetGenericInstantiation(
        ImmutableArray<TypeDefinitionHandle> genericType,
        ImmutableArray<ImmutableArray<TypeDefinitionHandle>> typeArguments
    ) => [.. genericType, .. typeArguments.SelectMany(type => type)];

    public ImmutableArray<TypeDefinitionHandle> GetFunctionPointerType(
        MethodSignature<ImmutableArray<TypeDefinitionHandle>> signature
    ) => Of(signature);

    public ImmutableArray<TypeDefinitionHandle> GetModifiedType(
        ImmutableArray<TypeDefinitionHandle> modifier,
        ImmutableArray<TypeDefinitionHandle> unmodifiedType,
        bool isRequired
    ) => [.. modifier, .. unmodifiedType];

    public ImmutableArray<TypeDefinitionHandle> GetArrayType(
        ImmutableArray<TypeDefinitionHandle> elementType,
        ArrayShape shape
    ) => elementType;

    public ImmutableArray<TypeDefinitionHandle> GetByReferenceType(ImmutableArray<TypeDefinitionHandle> elementType) =>
        elementType;

    public ImmutableArray<TypeDefinitionHandle> GetPinnedType(ImmutableArray<TypeDefinitionHandle> elementType) =>
        elementType;

    public ImmutableArray<TypeDefinitionHandle> GetPointerType(ImmutableArray<TypeDefinitionHandle> elementType) =>
        elementType;

    public ImmutableArray<TypeDefinitionHandle> GetSZArrayType(ImmutableArray<TypeDefinitionHandle> elementType) =>
        elementType;

    public ImmutableArray<TypeDefinitionHandle> GetPrimitiveType(PrimitiveTypeCode typeCode) => [];

    public ImmutableArray<TypeDefinitionHandle> GetGenericTypeParameter(object? genericContext, int index) => [];

    public ImmutableArray<TypeDefinitionHandle> GetGenericMethodParameter(object? genericContext, int index) => [];
}
