using GroupBuyActors.Store;

namespace GroupBuyActors.Silo.Idempotency;

/// <summary>
/// Forgets answers to calls that are about no group once nobody may ask for them any more: a few rows at a time, with pauses, once an
/// hour. Every silo does so; what one has removed another does not find.
/// </summary>
internal sealed partial class AnswerPurge(IGrainStorageUpkeep storage, TimeProvider time, ILogger<AnswerPurge> log) : BackgroundService
{
    private const int RowsAtOnce = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1), Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Well past the day, so that no activation that remembers one is still there.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(36);

    /// <summary>Removes what is too old; gives how many.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        for (var all = 0; ;)
        {
            var rows = await storage.PurgeAsync(IdempotencyGrain.StateName, time.GetUtcNow() - Kept, RowsAtOnce, cancellation);
            all += rows;
            if (rows < RowsAtOnce) return all;
            await Task.Delay(Pause, time, cancellation);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                NotPurged(log, e);
            }
        }
    }

    [LoggerMessage(8010, LogLevel.Warning, "Remembered answers that are too old could not be purged; it is tried again in an hour.")]
    private static partial void NotPurged(ILogger log, Exception exception);
}
