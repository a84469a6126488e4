namespace GroupBuyActors.Sandbox.Books;

/// <summary>How a port misbehaves.</summary>
/// <param name="FailRate">Share of calls that fail, 0 to 1.</param>
/// <param name="Delay">How long every call takes before it does or fails.</param>
/// <param name="Permanent">True: a failing call says that trying again is useless; false: it says nothing.</param>
/// <param name="Sku">Only calls about this sku; null all.</param>
internal sealed record SandboxFault(double FailRate, TimeSpan Delay, bool Permanent, string? Sku)
{
    /// <summary>No fault.</summary>
    public static SandboxFault None { get; } = new(0, TimeSpan.Zero, false, null);
}
