using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Committing;

/// <summary>Logs that the database cannot be reached, once a second: it is tried more often.</summary>
internal sealed class UnreachableReport(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private long? _loggedAt;

    public void Add(long stream, Exception? failure)
    {
        if (_loggedAt is { } before && time.GetElapsedTime(before) < s_interval)
            return;
        _loggedAt = time.GetTimestamp();
        CommitLog.Unreachable(log, stream, failure!.Message);
    }
}
