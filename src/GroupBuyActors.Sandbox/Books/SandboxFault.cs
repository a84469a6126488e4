namespace GroupBuyActors.Sandbox.Books;

/// <summary>The injected faults of a port.</summary>
/// <param name="FailRate">Share of calls that fail, 0 to 1.</param> <param name="Delay">How long every call waits
/// before it takes effect or fails.</param> <param name="Permanent">True: failures are permanent refusals; false: the
/// port is unavailable.</param> <param name="Sku">Only calls about this sku; null: all.</param>
internal sealed record SandboxFault(double FailRate, TimeSpan Delay, bool Permanent, string? Sku)
{
    /// <summary>No fault.</summary>
    public static SandboxFault None { get; } = new(0, TimeSpan.Zero, false, null);
}
