namespace GroupBuyActors.Silo.Http;

/// <summary>The header by which a caller identifies a request, so that repeats are recognised.</summary>
internal static class IdempotencyHeader
{
    public const string Name = "Idempotency-Key";

    /// <summary>True if the caller sent it.</summary>
    public static bool IsGiven(HttpContext context) => context.Request.Headers.ContainsKey(Name);
}
