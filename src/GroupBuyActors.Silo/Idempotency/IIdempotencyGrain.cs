namespace GroupBuyActors.Silo.Idempotency;

/// <summary>
/// Remembers the answer to one POST that is not a group's command (those are remembered in the group's own state, in
/// the commit of their effect). Key: the request key's id. Such calls are an operator's or the sandbox's, a few a
/// minute, so their memory is stock Orleans grain storage: <c>AdoNet</c>, on the same database. What they do has a
/// natural key of its own, so that the window between effect and memory costs nothing but a second look.
/// </summary>
[Alias("groupbuy.IIdempotencyGrain")]
internal interface IIdempotencyGrain : IGrainWithStringKey
{
    /// <summary>
    /// Asks whether to go on. While another call with the key is being answered, this waits for it, at most 8 s. Who
    /// waited is never told to go on, but to ask again: a caller that is gone by then would hold the turn, and nobody
    /// would end it.
    /// </summary>
    [Alias("Begin")]
    Task<Beginning> Begin(string fingerprint);

    /// <summary>Remembers the answer of the call that went on.</summary>
    [Alias("Complete")]
    Task Complete(long ticket, RememberedAnswer answer);

    /// <summary>The call that went on was refused or failed: it may be tried again with its key.</summary>
    [Alias("Abandon")]
    Task Abandon(long ticket);
}

/// <summary>What a call with a key is to do.</summary>
internal enum BeginningKind
{
    /// <summary>Go on, then complete or abandon.</summary>
    Go,

    /// <summary>Give the remembered answer.</summary>
    Replay,

    /// <summary>The key was used with another body.</summary>
    Mismatch,

    /// <summary>The first call is still running.</summary>
    Busy,

    /// <summary>
    /// The call that was waited for has ended without an answer to remember, or this activation is about to leave: ask
    /// again.
    /// </summary>
    AskAgain,
}

/// <summary>What a call with a key is to do.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.IdempotencyBeginning")]
internal sealed record Beginning(
    [property: Id(0)] BeginningKind Kind,
    [property: Id(1)] long Ticket = 0,
    [property: Id(2)] RememberedAnswer? Answer = null
);

/// <summary>An answer as it was given.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.RememberedAnswer")]
internal sealed record RememberedAnswer(
    [property: Id(0)] int Status,
    [property: Id(1)] byte[] Body,
    [property: Id(2)] string? Location
);
