using GroupBuyActors.Sandbox.Books;

namespace GroupBuyActors.Sandbox.Faults;

/// <summary>
/// How the ports misbehave, as every silo knows it: read again where the last reading is older than
/// <see cref="Freshness"/>. Whoever sets a fault waits for that long after it is durable, so that when the answer goes
/// out no silo acts on the one before.
/// </summary>
internal sealed class SandboxFaults(SandboxBooks books, TimeProvider time, Func<double> draw)
{
    /// <summary>A reading may be used this long after it was begun.</summary>
    internal static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(100);

    /// <summary>Timers count in coarser steps than time stamps.</summary>
    private static readonly TimeSpan ClockGrain = TimeSpan.FromMilliseconds(20);

    private readonly Reading[] _readings = [new(), new(), new(), new()];

    /// <summary>What is to happen to a call about a sku (null: none), decided once.</summary>
    public async ValueTask<InjectedFault> NextFaultAsync(SandboxPort port, string? sku, CancellationToken cancellation)
    {
        var fault = await CurrentAsync(port, cancellation).ConfigureAwait(false);
        if (fault.Sku is { } only && only != sku)
            return InjectedFault.Well;
        return new InjectedFault(fault.Delay, fault.FailRate > 0 && draw() < fault.FailRate, fault.Permanent);
    }

    public async Task SetAsync(SandboxPort port, SandboxFault fault, CancellationToken cancellation)
    {
        await books.SetFaultAsync(port, fault, cancellation).ConfigureAwait(false);
        await Task.Delay(Freshness + ClockGrain, time, cancellation).ConfigureAwait(false);
    }

    private async ValueTask<SandboxFault> CurrentAsync(SandboxPort port, CancellationToken cancellation)
    {
        var last = _readings[(int)port];
        if (last.Fault is { } fresh && time.GetElapsedTime(last.BegunAt) < Freshness)
            return fresh;
        // Callers that come together may read together: it is one small row ten times a second.
        var begunAt = time.GetTimestamp();
        var read = await books.FaultAsync(port, cancellation).ConfigureAwait(false);
        _readings[(int)port] = new Reading(read, begunAt);
        return read;
    }

    private sealed record Reading(SandboxFault? Fault = null, long BegunAt = 0);
}

/// <summary>What is to happen to one call.</summary>
/// <param name="Delay">How long it takes before it does or fails.</param>
/// <param name="Fails">True where it fails, without effect.</param>
/// <param name="Permanent">True where the failure says that trying again is useless.</param>
internal readonly record struct InjectedFault(TimeSpan Delay, bool Fails, bool Permanent)
{
    public static InjectedFault Well => default;
}
