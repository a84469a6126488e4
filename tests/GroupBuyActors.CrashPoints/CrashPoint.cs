using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.TestActors;

namespace GroupBuyActors.CrashPoints;

/// <summary>On which side of a step the process dies.</summary>
public enum CrashSide
{
    /// <summary>Nothing of the step has left the process.</summary>
    Before,

    /// <summary>It is done outside or durable, and this process has not heard of it.</summary>
    After,
}

/// <summary>
/// Where a silo dies by its own hand, as kill -9 would have it: at one step of one actor, and nowhere else.
/// </summary>
/// <param name="Side">On which side of the step.</param>
/// <param name="Step">A port's operation (<c>reserve, deduct, release, refund, ask, notice</c>), the type of an event
/// that a commit carries, or <see cref="Snapshot"/>.</param>
/// <param name="Key">The actor's key; of a group, the group.</param>
/// <param name="Time">At which time that it comes there, from 1.</param>
public sealed record CrashPoint(CrashSide Side, string Step, string Key, int Time = 1)
{
    /// <summary>The step of storing a snapshot.</summary>
    public const string Snapshot = "snapshot";

    private const string Variable = "GROUPBUY_CRASH_POINT";
    private int _seen;

    /// <summary>What to start the silo with, which has accounts besides.</summary>
    public IReadOnlyDictionary<string, string?> Environment =>
        new Dictionary<string, string?>(SiloWithAccounts.Environment)
        {
            // In this order: what this assembly uses of the other is loaded by then.
            [SiloWithAccounts.HooksVariable] = string.Join(
                Path.PathSeparator,
                SiloWithAccounts.Environment[SiloWithAccounts.HooksVariable],
                typeof(CrashPoint).Assembly.Location
            ),
            [Variable] = string.Create(CultureInfo.InvariantCulture, $"{Side}|{Step}|{Key}|{Time}"),
        };

    internal static CrashPoint? FromEnvironment() =>
        System.Environment.GetEnvironmentVariable(Variable)?.Split('|') is [var side, var step, var key, var time]
            ? new CrashPoint(Enum.Parse<CrashSide>(side), step, key, int.Parse(time, CultureInfo.InvariantCulture))
            : null;

    internal void Reach(CrashSide side, string step, string? key)
    {
        if (side != Side || step != Step || key != Key || Interlocked.Increment(ref _seen) != Time)
            return;
        Process.GetCurrentProcess().Kill();
        // The kernel may let this thread run for a moment; whoever waits for it must not go on.
        Thread.Sleep(Timeout.Infinite);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Side} {Step}{(Time > 1 ? $" ({Time})" : "")}";
}
