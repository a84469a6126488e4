using GroupBuyActors.Sandbox.Books;

namespace GroupBuyActors.Sandbox.Faults;

/// <summary>
/// The injected faults of the ports as this silo knows them: read again if the last read is older than
/// <see cref="Freshness"/>. Setting a fault takes that long after it is durable, so that no silo uses the previous one
/// when the call returns.
/// </summary>
internal sealed class SandboxFaults(SandboxBooks books, TimeProvider time, Func<double> draw)
{
    /// <summary>How long a read may be used after it was begun.</summary>
    internal static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(100);

    /// <summary>Added because timers are less exact than time stamps.</summary>
    private static readonly TimeSpan ClockGrain = TimeSpan.FromMilliseconds(20);

    private readonly Reading[] _readings = [new(), new(), new(), new()];

    /// <summary>Decides the fault of one call about a sku (null: about none).</summary>
    public async ValueTask<InjectedFault> NextFaultAsync(SandboxPort port, string? sku, CancellationToken cancellation)
    {
        var fault = await CurrentAsync(port, cancellation).ConfigureAwait(false);
        if (fault.Sku is { } only && only != sku)
            return InjectedFault.None;
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
        // Concurrent callers may all read: it is one small row, ten times a second.
        var begunAt = time.GetTimestamp();
        var read = await books.FaultAsync(port, cancellation).ConfigureAwait(false);
        _readings[(int)port] = new Reading(read, begunAt);
        return read;
    }

    private sealed record Reading(SandboxFault? Fault = null, long BegunAt = 0);
}

/// <summary>The fault of one call.</summary> <param name="Delay">How long it waits before it takes effect or
/// fails.</param> <param name="Fails">True if it fails, without effect.</param> <param name="Permanent">True if the
/// failure is a permanent refusal.</param>
internal readonly record struct InjectedFault(TimeSpan Delay, bool Fails, bool Permanent)
{
    public static InjectedFault None => default;
}
