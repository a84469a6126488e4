namespace GroupBuyActors.Silo.Idempotency;

/// <summary>
/// Remembers the answer to one POST that is not a group's command (those are remembered in the group's own state, in
/// the commit of their effect). Key: the request key's id. Such calls are made by operators or to the sandbox, a few a
/// minute, so the answers are in Orleans' grain storage on the same database. The effects of these calls are idempotent
/// themselves, so that a crash between effect and storage only causes a repeated call.
/// </summary>
[Alias("groupbuy.IIdempotencyGrain")]
internal interface IIdempotencyGrain : IGrainWithStringKey
{
    /// <summary>
    /// Decides what a call is to do. While another call with the key is running, this waits for it, at most 8 s. A call
    /// that waited is never told to proceed, but to retry: a caller that has disconnected by then would block the key,
    /// because nobody would complete its call.
    /// </summary>
    [Alias("Begin")]
    Task<IdempotencyResult> Begin(string fingerprint);

    /// <summary>Remembers the answer of the call that proceeded.</summary>
    [Alias("Complete")]
    Task Complete(long ticket, RememberedAnswer answer);

    /// <summary>The call that proceeded was refused or failed: it may be tried again with its key.</summary>
    [Alias("Abandon")]
    Task Abandon(long ticket);
}

/// <summary>What a call with a key is to do.</summary>
internal enum IdempotencyDecision
{
    /// <summary>Run the call, then complete or abandon it.</summary>
    Proceed,

    /// <summary>Answer with the remembered answer.</summary>
    Replay,

    /// <summary>The key was used with another body.</summary>
    Mismatch,

    /// <summary>The first call is still running.</summary>
    Busy,

    /// <summary>
    /// The call that was waited for has ended without a remembered answer, or this activation is being deactivated: ask
    /// again.
    /// </summary>
    Retry,
}

/// <summary>What a call with a key is to do.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.IdempotencyBeginning")]
internal sealed record IdempotencyResult(
    [property: Id(0)] IdempotencyDecision Kind,
    [property: Id(1)] long Ticket = 0,
    [property: Id(2)] RememberedAnswer? Answer = null
);

/// <summary>A remembered answer.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.RememberedAnswer")]
internal sealed record RememberedAnswer(
    [property: Id(0)] int Status,
    [property: Id(1)] byte[] Body,
    [property: Id(2)] string? Location
);
