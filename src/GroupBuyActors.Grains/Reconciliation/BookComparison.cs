using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Hosting;
using GroupBuyActors.Schedules;
using GroupBuyActors.Store.Slots;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Reconciliation;

/// <summary>
/// The daily comparison of a merchant slot's books with those of the ports: differences, and books that could not be
/// compared, are logged as errors with the merchant. A port that does not answer is asked again later the same day, and
/// then by the next day's run.
/// </summary>
internal sealed class BookComparison(
    SlotStores stores,
    BookComparer comparer,
    CronScheduler firings,
    ReconciliationMetrics metrics,
    ClusterClock clock,
    TimeProvider time,
    ILogger<BookComparison> log
) : ITaskHandler
{
    public const string TypeName = "reconciliation";

    // A try ends by itself well before its time limit and leaves the rest to another task.
    public static TaskType<ComparisonTask> TaskType { get; } =
        new(
            new TaskPolicy
            {
                Type = TypeName,
                Lateness = TimeSpan.FromMinutes(10),
                Concurrency = 2,
                TryTimeout = TimeSpan.FromMinutes(15),
                Retry = new() { FirstDelays = [TimeSpan.FromMinutes(10), TimeSpan.FromHours(1)], RetryCountMax = 2 },
            },
            ComparisonTaskJson.Default.ComparisonTask
        );

    /// <summary>
    /// Daily at 3:00, ± 30 min. A merchant's groups are in as many shards as it has regions, but its books are compared
    /// as a whole: the first shard of each merchant slot compares the slot's merchants.
    /// </summary>
    public static ScheduleDefinition Daily { get; } =
        new(
            TypeName,
            TypeName,
            new ScheduleTiming.Cron("0 3 * * *", "Asia/Shanghai") { UtcExpression = "0 19 * * *" },
            TimeSpan.FromMinutes(30),
            new ScheduleRules(),
            ScheduleScope.FirstRegionSlot
        );

    private const int PageSize = 200,
        UnavailableMax = 3,
        NamedMax = 5;

    /// <summary>
    /// How long one run works before it leaves the rest to another; with one more merchant it stays within its type's
    /// time limit.
    /// </summary>
    private static readonly TimeSpan WorkTime = TimeSpan.FromMinutes(5),
        MerchantBound = TimeSpan.FromMinutes(5);

    public string Type => TypeName;

    public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var (shard, payload, began) = (due.Task.Key.Shard, TaskType.Read(due.Task.Payload), time.GetTimestamp());
        if (firings.SkipIfOutdated(due, payload.Firing) is { } skipped)
            return skipped;
        var run = new Run();
        var (above, books) = (payload.Above, stores.Of(shard).Books);
        while (true)
        {
            var page = await books.MerchantsAsync(shard.MerchantSlot, above, PageSize, cancellation);
            foreach (var merchant in page)
            {
                if (time.GetElapsedTime(began) > WorkTime)
                    return ContinueLater(due, payload, above, run);
                Report(merchant, await comparer.CompareAsync(merchant, MerchantBound, cancellation), run);
                above = merchant;
                if (run.UnavailableInARow >= UnavailableMax)
                    break;
            }

            if (page.Count < PageSize || run.UnavailableInARow >= UnavailableMax)
                break;
        }

        ReconciliationLog.Compared(log, shard, run.Merchants, run.Differences, run.Incomplete);
        return Conclude(due, payload, run);
    }

    private HandlerResult.Finished ContinueLater(DueTask due, ComparisonTask payload, long above, Run run)
    {
        metrics.Of(due.Task.Key.Shard.MerchantSlot).Take(run.Found, isFirst: payload.Above == 0);
        var (shard, now) = (
            due.Task.Key.Shard,
            DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds())
        );
        // With the schedule's name in its id, so that the schedule's next firing follows when the rest ends.
        var schedule = TaskIds.TryGetSchedule(due.Task.Key.Id, out var name, out _) ? name : Type;
        return new HandlerResult.Finished
        {
            Schedules =
            [
                new TimedTask
                {
                    Key = new TaskKey(shard, now, TaskIds.Of(schedule, shard, now)),
                    Type = Type,
                    NextAt = now,
                    Version = due.Task.Version + 1,
                    Payload = TaskType.Write(
                        payload with
                        {
                            Above = above,
                            Incomplete = payload.Incomplete || run.Reason is not null,
                        }
                    ),
                },
            ],
        };
    }

    private HandlerResult Conclude(DueTask due, ComparisonTask payload, Run run)
    {
        if (run.Reason is { } reason && due.AfterFailure() is { Decision: RetryDecision.Again } step)
            return new HandlerResult.Failed(step, reason);
        var slot = metrics.Of(due.Task.Key.Shard.MerchantSlot);
        slot.Take(run.Found, isFirst: payload.Above == 0);
        if (run.Reason is null && !payload.Incomplete)
            slot.Succeed(clock.GetUtcNow());
        return firings.Conclude(due, payload.Firing);
    }

    private void Report(long merchant, MerchantComparison comparison, Run run)
    {
        run.Merchants++;
        Report(merchant, "payments", comparison.Payments, run);
        Report(merchant, "inventory", comparison.Stock, run);
        run.UnavailableInARow =
            comparison.Payments.Answered && comparison.Stock.Answered ? 0 : run.UnavailableInARow + 1;
        if (!comparison.IsComplete)
            run.Incomplete++;
    }

    private void Report<TOurs, TTheirs>(long merchant, string name, PortComparison<TOurs, TTheirs> port, Run run)
        where TOurs : class
        where TTheirs : class
    {
        run.Differences += port.Count;
        foreach (var (kind, count) in port.Counts)
            run.Found[(name, kind)] = run.Found.GetValueOrDefault((name, kind)) + count;
        if (port.Count > 0)
        {
            var kinds = string.Join(
                ", ",
                port.Counts.Select(kind => $"{ReconciliationMetrics.NameOf(kind.Key)} {kind.Value}")
            );
            var first = string.Join(
                ", ",
                port.Differing.Take(NamedMax)
                    .Select(line => line.Key.Part.Length == 0 ? line.Key.Id : $"{line.Key.Id} {line.Key.Part}")
            );
            ReconciliationLog.Differs(log, merchant, name, port.Count, kinds, first);
        }

        if (port is { Answered: true, Complete: true })
            return;
        run.Reason ??= $"The books of {name} could not be compared for merchant {merchant}: {port.Reason}";
        ReconciliationLog.NotCompared(log, name, merchant, port.Reason);
    }

    private sealed class Run
    {
        public int Merchants { get; set; }
        public int Incomplete { get; set; }
        public int UnavailableInARow { get; set; }
        public long Differences { get; set; }
        public Dictionary<(string Port, DifferenceKind Kind), long> Found { get; } = [];
        public string? Reason { get; set; }
    }
}

/// <summary>
/// The payload of <see cref="BookComparison"/>: the comparison of a slot for one day; the continuation of a long run
/// begins above a merchant id. <see cref="Incomplete"/> is true if not all merchants up to there could be compared.
/// </summary>
internal sealed record ComparisonTask(DateTimeOffset Firing, long Above = 0, bool Incomplete = false);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ComparisonTask))]
internal sealed partial class ComparisonTaskJson : JsonSerializerContext;
