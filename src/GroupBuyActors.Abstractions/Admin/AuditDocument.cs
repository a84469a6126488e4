namespace GroupBuyActors.Admin;

/// <summary>Who changed what.</summary>
/// <param name="Id">Grows.</param>
/// <param name="Time">When.</param>
/// <param name="Caller">The key's name, or <c>open</c>.</param>
/// <param name="Action">Such as <c>group.settle</c>.</param>
/// <param name="Target">What it was done to.</param>
/// <param name="Detail">More, or null.</param>
public sealed record AuditDocument(
    long Id,
    DateTimeOffset Time,
    string Caller,
    string Action,
    string Target,
    string? Detail
);
