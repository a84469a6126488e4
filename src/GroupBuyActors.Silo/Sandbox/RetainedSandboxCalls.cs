using GroupBuyActors.Retention;
using GroupBuyActors.Sandbox;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Silo.Sandbox;

/// <summary>
/// How long calls that the sandbox counted are kept after the last one under the same key
/// (<c>GroupBuy:Retention:SandboxCalls</c>).
/// </summary>
internal sealed record SandboxRetention(TimeSpan Calls)
{
    public static SandboxRetention Default { get; } = new(TimeSpan.FromDays(30));
}

/// <summary>Calls that the sandbox counted; a pass goes through all of them by key.</summary>
internal sealed class RetainedSandboxCalls(SandboxDesk sandbox, TimeProvider time, SandboxRetention retention)
    : IRetainedKind
{
    public string Kind => "sandbox-calls";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation) =>
        sandbox.RemoveCallsAsync(time.GetUtcNow() - retention.Calls, rowsMax, cancellation);
}
