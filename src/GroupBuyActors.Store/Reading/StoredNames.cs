using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Enum values as databases hold them: the names of the public contract (<c>ON_SHELF</c>, <c>PENDING_PAYMENT</c>), for
/// people and programs that read the tables.
/// </summary>
internal static class StoredNames
{
    public static string Of(GroupPhase phase) => Names<GroupPhase>.Of(phase);

    public static string Of(OrderStatus status) => Names<OrderStatus>.Of(status);

    public static string Of(CloseReason reason) => Names<CloseReason>.Of(reason);

    public static string Of(TaskEndStatus status) => Names<TaskEndStatus>.Of(status);

    public static TaskEndStatus ToTaskEndStatus(string name) => Names<TaskEndStatus>.From(name);

    public static OrderStatus ToOrderStatus(string name) => Names<OrderStatus>.From(name);

    public static CloseReason ToCloseReason(string name) => Names<CloseReason>.From(name);

    public static ExpiryReason ToExpiryReason(string name) => Names<ExpiryReason>.From(name);

    public static GroupPhase ToGroupPhase(string name) => Names<GroupPhase>.From(name);

    /// <summary>The name as a literal of SQL.</summary>
    public static Raw Literal(GroupPhase phase) => Names<GroupPhase>.Literal(phase);

    /// <summary>The name as a literal of SQL, or null.</summary>
    public static Raw Literal(ExpiryReason? reason) =>
        reason is { } given ? Names<ExpiryReason>.Literal(given) : s_null;

    private static readonly Raw s_null = new("null");

    private static class Names<T>
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
}
