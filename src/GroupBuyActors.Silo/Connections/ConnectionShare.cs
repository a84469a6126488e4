namespace GroupBuyActors.Silo.Connections;

/// <summary>
/// Computes how many connections HTTP may have, so that file descriptors are left for the store, Kafka, other silos,
/// the ports' services and the runtime. A process without free descriptors fails at the next thing it opens.
/// </summary>
internal static class ConnectionShare
{
    /// <summary>Descriptors that are reserved for everything else, in addition to those that are open.</summary>
    public const int Reserve = 256;

    /// <summary>The smallest number of connections with which HTTP can be served.</summary>
    public const int Min = 16;

    /// <summary>A limit below this is logged as a warning at the start.</summary>
    public const int LimitLow = 4_096;

    /// <summary>The number of connections for HTTP.</summary>
    /// <param name="wanted">The setting.</param> <param name="limit">The limit of descriptors; null if there is
    /// none.</param> <param name="others">Descriptors that are open for something other than HTTP.</param>
    public static int Of(int wanted, int? limit, int others) =>
        limit is { } all ? Math.Min(wanted, Math.Max(Min, all - others - Reserve)) : wanted;
}
