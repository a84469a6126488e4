namespace GroupBuyActors.Admin;

/// <summary>An entry of the audit log.</summary> <param name="Id">The entry's number; it grows.</param>
/// <param name="Time">The time of the change.</param> <param name="Caller">The name of the caller's key, or
/// <c>open</c>.</param>
/// <param name="Action">Such as <c>group.settle</c>.</param> <param name="Target">The changed object.</param>
/// <param name="Detail">Details of the change, or null.</param>
public sealed record AuditDocument(
    long Id,
    DateTimeOffset Time,
    string Caller,
    string Action,
    string Target,
    string? Detail
);
