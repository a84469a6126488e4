namespace GroupBuyActors.Sandbox.Books;

/// <summary>The counted calls of a port with one key and operation, including refused and failed ones.</summary>
internal sealed record SandboxCall(
    string Key,
    string Operation,
    long Times,
    DateTimeOffset FirstAt,
    DateTimeOffset LastAt
);
