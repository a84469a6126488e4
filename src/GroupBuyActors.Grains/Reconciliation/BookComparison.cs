using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Hosting;
using GroupBuyActors.Schedules;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Reconciliation;

/// <summary>
/// The daily comparison of a merchant slot's books with the ports' own: what differs, and what could not be compared,
/// is an alert that names the merchant. A port that is silent is asked again later the same day; then the next day's
/// run has its turn.
/// </summary>
internal sealed class BookComparison(
    BookReader books,
    BookComparer comparer,
    CronScheduler firings,
    ReconciliationMetrics metrics,
    ClusterClock clock,
    TimeProvider time,
    ILogger<BookComparison> log
) : ITaskHandler
{
    public const string TypeName = "reconciliation";

    // A try ends by itself well before its timeout and leaves what is left to another.
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
    /// Daily in the small hours. A merchant's groups lie in as many shards as it has regions, and its books are one:
    /// the first shard of each merchant slot compares the slot's merchants.
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
        SilentMax = 3,
        NamedMax = 5;

    /// <summary>
    /// One run works this long, then hands on; with one more merchant it stays within its type's timeout.
    /// </summary>
    private static readonly TimeSpan Stint = TimeSpan.FromMinutes(5),
        MerchantBound = TimeSpan.FromMinutes(5);

    public string Type => TypeName;

    public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var (shard, asked, began) = (due.Task.Key.Shard, TaskType.Read(due.Task.Payload), time.GetTimestamp());
        if (firings.LeaveOut(due, asked.Firing) is { } leftOut)
            return leftOut;
        var run = new Run();
        var above = asked.Above;
        while (true)
        {
            var page = await books.MerchantsAsync(shard.MerchantSlot, above, PageSize, cancellation);
            foreach (var merchant in page)
            {
                if (time.GetElapsedTime(began) > Stint)
                    return HandOn(due, asked, above, run);
                Report(merchant, await comparer.CompareAsync(merchant, MerchantBound, cancellation), run);
                above = merchant;
                if (run.SilentInARow >= SilentMax)
                    break;
            }

            if (page.Count < PageSize || run.SilentInARow >= SilentMax)
                break;
        }

        ReconciliationLog.Compared(log, shard, run.Merchants, run.Differences, run.Incomplete);
        return Conclude(due, asked, run);
    }

    private HandlerResult.Finished HandOn(DueTask due, ComparisonTask asked, long above, Run run)
    {
        metrics.Of(due.Task.Key.Shard.MerchantSlot).Take(run.Found, isFirst: asked.Above == 0);
        var (shard, now) = (
            due.Task.Key.Shard,
            DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds())
        );
        // Under its schedule's name, by which the end of what goes on is followed by that schedule's next firing.
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
                        asked with
                        {
                            Above = above,
                            Incomplete = asked.Incomplete || run.Reason is not null,
                        }
                    ),
                },
            ],
        };
    }

    private HandlerResult Conclude(DueTask due, ComparisonTask asked, Run run)
    {
        if (run.Reason is { } reason && due.AfterFailure() is { Decision: RetryDecision.Again } step)
            return new HandlerResult.Failed(step, reason);
        var slot = metrics.Of(due.Task.Key.Shard.MerchantSlot);
        slot.Take(run.Found, isFirst: asked.Above == 0);
        if (run.Reason is null && !asked.Incomplete)
            slot.Succeed(clock.GetUtcNow());
        return firings.Conclude(due, asked.Firing);
    }

    private void Report(long merchant, MerchantComparison comparison, Run run)
    {
        run.Merchants++;
        Report(merchant, "payments", comparison.Payments, run);
        Report(merchant, "inventory", comparison.Stock, run);
        run.SilentInARow = comparison.Payments.Answered && comparison.Stock.Answered ? 0 : run.SilentInARow + 1;
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
        public int SilentInARow { get; set; }
        public long Differences { get; set; }
        public Dictionary<(string Port, DifferenceKind Kind), long> Found { get; } = [];
        public string? Reason { get; set; }
    }
}

/// <summary>
/// Payload of <see cref="BookComparison"/>; where a run goes on that took long: a slot's comparison of one day, from
/// the merchants above an id on. <see cref="Incomplete"/>: not all below could be compared.
/// </summary>
internal sealed record ComparisonTask(DateTimeOffset Firing, long Above = 0, bool Incomplete = false);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ComparisonTask))]
internal sealed partial class ComparisonTaskJson : JsonSerializerContext;
