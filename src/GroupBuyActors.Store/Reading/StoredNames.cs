using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Enum values as databases store them: the names of the public contract (<c>ON_SHELF</c>, <c>PENDING_PAYMENT</c>), for
/// people and programs that read the tables.
/// </summary>
internal static class StoredNames
{
    public static string Of(GroupPhase phase) => StoredNames<GroupPhase>.Of(phase);

    public static string Of(OrderStatus status) => StoredNames<OrderStatus>.Of(status);

    public static string Of(CloseReason reason) => StoredNames<CloseReason>.Of(reason);

    public static OrderStatus ToOrderStatus(string name) => StoredNames<OrderStatus>.From(name);

    public static CloseReason ToCloseReason(string name) => StoredNames<CloseReason>.From(name);

    public static ExpiryReason ToExpiryReason(string name) => StoredNames<ExpiryReason>.From(name);

    public static GroupPhase ToGroupPhase(string name) => StoredNames<GroupPhase>.From(name);

    /// <summary>The name as an SQL literal.</summary>
    public static Raw Literal(GroupPhase phase) => StoredNames<GroupPhase>.Literal(phase);

    /// <summary>The name as an SQL literal, or <c>null</c>.</summary>
    public static Raw Literal(ExpiryReason? reason) =>
        reason is { } given ? StoredNames<ExpiryReason>.Literal(given) : s_null;

    private static readonly Raw s_null = new("null");
}

/// <summary>The names of one enum's values in the public contract.</summary>
internal static class StoredNames<T>
    where T : struct, Enum
{
    private static readonly FrozenDictionary<T, string> ByValue = typeof(T)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .ToFrozenDictionary(
            field => (T)field.GetValue(null)!,
            field => field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name
        );

    private static readonly FrozenDictionary<string, T> ByName = ByValue.ToFrozenDictionary(
        entry => entry.Value,
        entry => entry.Key
    );

    private static readonly FrozenDictionary<T, Raw> LiteralByValue = ByValue.ToFrozenDictionary(
        entry => entry.Key,
        entry => new Raw($"'{entry.Value}'")
    );

    public static string Of(T value) => ByValue[value];

    public static Raw Literal(T value) => LiteralByValue[value];

    public static T From(string name) => ByName[name];
}
