namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// How many connections HTTP may have, so that descriptors are left for the store, Kafka, other silos, the ports'
/// services and whatever the runtime opens: a process without any dies of the next thing it needs.
/// </summary>
internal static class ConnectionShare
{
    /// <summary>Kept for everything else, beyond what is open.</summary>
    public const int Reserve = 256;

    /// <summary>Below this HTTP could not be served in earnest.</summary>
    public const int Least = 16;

    /// <summary>Below this limit an operator is told at the start.</summary>
    public const int LimitLow = 4_096;

    /// <summary>The share of HTTP.</summary>
    /// <param name="wanted">The setting.</param>
    /// <param name="limit">Descriptors that there may be; null without a limit.</param>
    /// <param name="others">Of them, open for something else than HTTP.</param>
    public static int Of(int wanted, int? limit, int others) =>
        limit is { } all ? Math.Min(wanted, Math.Max(Least, all - others - Reserve)) : wanted;
}
