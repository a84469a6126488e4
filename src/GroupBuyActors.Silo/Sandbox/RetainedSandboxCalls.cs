using GroupBuyActors.Retention;
using GroupBuyActors.Sandbox;
using GroupBuyActors.Silo.Hosting;
using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Silo.Sandbox;

/// <summary>Removes old calls that the sandbox counted; each pass reads all of them by key.</summary>
internal sealed class RetainedSandboxCalls(SandboxControl sandbox, TimeProvider time, SiloSettings settings)
    : IRetainedKind
{
    public string Kind => "sandbox-calls";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation) =>
        sandbox.RemoveCallsAsync(time.GetUtcNow() - settings.Retention.SandboxCalls, rowsMax, cancellation);
}
