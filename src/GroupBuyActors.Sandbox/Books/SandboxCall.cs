namespace GroupBuyActors.Sandbox.Books;

/// <summary>What a port was asked, by key and operation; refused and failed calls count.</summary>
internal sealed record SandboxCall(
    string Key,
    string Operation,
    long Times,
    DateTimeOffset FirstAt,
    DateTimeOffset LastAt
);
