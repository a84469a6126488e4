namespace GroupBuyActors.Silo.Http;

/// <summary>The header by which a caller asks that repeats of a call be recognised.</summary>
internal static class IdempotencyHeader
{
    public const string Name = "Idempotency-Key";

    /// <summary>True where the caller sent one.</summary>
    public static bool IsGiven(HttpContext context) => context.Request.Headers.ContainsKey(Name);
}
