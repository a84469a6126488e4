namespace GroupBuyActors.Ports;

/// <summary>
/// The idempotency keys of calls to ports. The number in a key names the cause (an attempt, a deduction, a release), so
/// that it stays the same over all tries of one cause and differs between causes.
/// </summary>
internal static class PortKeys
{
    /// <summary>The key of the reservation of a publication attempt.</summary>
    public static string Reserve(GroupId group, int attempt) => $"reserve:{group}:{attempt}";

    /// <summary>The key of a deduction.</summary>
    public static string Deduct(GroupId group, int cause) => $"deduct:{group}:{cause}";

    /// <summary>The key of a release.</summary>
    public static string Release(GroupId group, int cause) => $"release:{group}:{cause}";

    /// <summary>The key of the refund of one payment.</summary>
    public static string Refund(OrderId order, string paymentId) => $"refund:{order}:{paymentId}";

    /// <summary>The key of a notice to the buyer of an order.</summary>
    public static string Notice(OrderId order, string kind) => $"notice:{order}:{kind}";
}
