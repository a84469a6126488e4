using System.Diagnostics;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>
/// What is measured inside the silo's process: producers commit where the actors do, through the committer.
/// </summary>
internal sealed class TaskParts(
    ICommitter committer,
    LocalTaskScheduler scheduler,
    TaskDispatcher queues,
    FireBook book,
    IdGenerator ids,
    IGrainFactory grains,
    WatchedCloses closes,
    TimeProvider time,
    IReadOnlyList<ProcessorMeter> meters
)
{
    private const int ManyCallers = 512,
        FewCallers = 32,
        TasksPerCommit = 100,
        HerdTasks = 50_000,
        HerdShard = 100,
        OthersShard = 1_600;
    private const double ScheduledPerSecondMin = 12_000,
        CancelledPerSecondMax = 30_000;

    /// <summary>Tasks that are not to fire are due long after the benchmark, and long before what is loaded.</summary>
    private static readonly TimeSpan Later = TimeSpan.FromHours(6);

    private static readonly TimeSpan SettledWithin = TimeSpan.FromMinutes(2),
        Rest = TimeSpan.FromSeconds(2);

    public Task<TaskAnswer> AnswerAsync(TaskQuestion question) =>
        question.Part switch
        {
            "settle" => SettleAsync(question),
            "schedule" => ScheduleAsync(question),
            "fire" => FireAsync(question),
            "closes" => CloseAsync(question),
            "herd" => HerdAsync(question),
            "cancel" => CancelAsync(question),
            "memory" => MemoryAsync(),
            _ => throw new ArgumentException($"There is no part {question.Part}."),
        };

    /// <summary>Loads every path until its code is compiled for good.</summary>
    private async Task<TaskAnswer> SettleAsync(TaskQuestion question)
    {
        var half = new TaskQuestion("", TimeSpan.Zero, question.Window / 2, question.Rate);
        await ScheduleSinglyAsync(half);
        return await FireAsync(half);
    }

    private async Task<TaskAnswer> ScheduleAsync(TaskQuestion question)
    {
        var singly = await ScheduleSinglyAsync(question);
        var (series, next) = (book.NextNumber(), -1);
        var together = await new ClosedLoop(FewCallers, question.WarmUp, question.Window).RunAsync(
            $"schedule, {TasksPerCommit} tasks a commit",
            _ =>
            {
                var first = Interlocked.Increment(ref next) * TasksPerCommit;
                return CommitAsync([
                    .. Enumerable.Range(first, TasksPerCommit).Select(index => Waiting(series, index)),
                ]);
            },
            meters,
            CancellationToken.None
        );
        return new TaskAnswer
        {
            Rows = [CarriedMeasurement.Of(singly), CarriedMeasurement.Of(together, TasksPerCommit)],
        };
    }

    private async Task<Measurement> ScheduleSinglyAsync(TaskQuestion question)
    {
        var (series, next) = (book.NextNumber(), -1);
        return await new ClosedLoop(ManyCallers, question.WarmUp, question.Window).RunAsync(
            "schedule, one task a commit",
            _ => CommitAsync([Waiting(series, Interlocked.Increment(ref next))]),
            meters,
            CancellationToken.None
        );
    }

    private async Task<TaskAnswer> FireAsync(TaskQuestion question)
    {
        var count = Math.Max(1, (int)(question.Rate * question.Window.TotalSeconds));
        var series = book.Open(count, time.GetUtcNow() + LeadOf(count), question.Window);
        var answer = new TaskAnswer();
        await ScheduleAllAsync(
            Enumerable
                .Range(0, count)
                .Select(index =>
                    BenchTasks.New(BenchTasks.Scattered(index), series.Number, index, series.DueOf(index))
                ),
            answer
        );
        if (time.GetUtcNow() > series.FirstDue)
            answer.Notes.Add($"fire {question.Rate}/s: scheduling ahead was not done when the first task was due.");
        await UntilAsync(series.FirstDue);
        Start();
        var held = await series.HeldAsync(time, CancellationToken.None);
        Stop();
        await SettledAsync(series.All);
        book.Close(series);
        answer.Rows.Add(CarriedMeasurement.Of(series.Measure($"fire {question.Rate}/s", meters)));
        return answer with { Held = held };
    }

    /// <summary>Tasks whose handler commits on a group: unpaid orders that are closed in time.</summary>
    private async Task<TaskAnswer> CloseAsync(TaskQuestion question)
    {
        var fires = new GroupFires(grains, time, question.Rate, question.Window);
        closes.Watch(fires);
        await fires.PlaceAsync();
        Start();
        var held = await fires.HeldAsync();
        Stop();
        await SettledAsync(Task.CompletedTask);
        return new TaskAnswer
        {
            Held = held,
            Rows = [.. fires.Measure(meters).Select(row => CarriedMeasurement.Of(row))],
        };
    }

    /// <summary>A merchant whose tasks are all due in one instant, and another one's beside them.</summary>
    private async Task<TaskAnswer> HerdAsync(TaskQuestion question)
    {
        var answer = new TaskAnswer();
        var others = book.Open(
            (int)(question.Rate * question.Window.TotalSeconds),
            time.GetUtcNow() + LeadOf(HerdTasks),
            question.Window
        );
        var herd = book.Open(HerdTasks, others.FirstDue, TimeSpan.Zero);
        await ScheduleAllAsync(
            Enumerable
                .Range(0, HerdTasks)
                .Select(index => BenchTasks.New(new ShardId(HerdShard), herd.Number, index, herd.DueOf(index)))
                .Concat(
                    Enumerable
                        .Range(0, others.Count)
                        .Select(index =>
                            BenchTasks.New(
                                new ShardId(OthersShard + index % ShardId.RegionSlots),
                                others.Number,
                                index,
                                others.DueOf(index)
                            )
                        )
                ),
            answer
        );
        if (time.GetUtcNow() > herd.FirstDue)
            answer.Notes.Add("herd: scheduling ahead was not done when it was due.");
        await UntilAsync(herd.FirstDue);
        Start();
        await herd.All.WaitAsync(SettledWithin, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Stop();
        await SettledAsync(Task.WhenAll(herd.All, others.All));
        book.Close(herd);
        book.Close(others);
        answer.Rows.Add(CarriedMeasurement.Of(herd.Measure($"herd, {HerdTasks} at once", meters)));
        answer.Rows.Add(CarriedMeasurement.Of(others.Measure($"others beside it, {question.Rate}/s", [])));
        return answer;
    }

    private async Task<TaskAnswer> CancelAsync(TaskQuestion question)
    {
        var count = (int)Math.Min(500_000, CancelledPerSecondMax * (question.WarmUp + question.Window).TotalSeconds);
        var (series, next, answer) = (book.NextNumber(), -1, new TaskAnswer());
        // Made anew to be removed: kept, they would be most of the silo's memory.
        var due = Whole(time.GetUtcNow() + Later);
        TimedTask Cancelled(int index) => BenchTasks.New(BenchTasks.Scattered(index), series, index, due);
        await ScheduleAllAsync(Enumerable.Range(0, count).Select(Cancelled), answer);
        var row = await new ClosedLoop(ManyCallers, question.WarmUp, question.Window).RunAsync(
            "cancel, one task a commit",
            async _ =>
            {
                var index = Interlocked.Increment(ref next);
                return index < count ? await CommitAsync([], Cancelled(index).Key) : CallOutcome.Exhausted;
            },
            meters,
            CancellationToken.None
        );
        answer.Rows.Add(CarriedMeasurement.Of(row));
        return answer;
    }

    private async Task<TaskAnswer> MemoryAsync()
    {
        // Until the relay has handed on what the last part committed.
        await Task.Delay(Rest, time);
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var process = Process.GetCurrentProcess();
        return new TaskAnswer
        {
            Figures =
            {
                ["working_set_mb"] = process.WorkingSet64 / 1e6,
                ["peak_working_set_mb"] = process.PeakWorkingSet64 / 1e6,
                ["heap_mb"] = GC.GetTotalMemory(forceFullCollection: true) / 1e6,
                ["near"] = scheduler.Count,
            },
        };
    }

    private TimedTask Waiting(int series, int index) =>
        BenchTasks.New(BenchTasks.Scattered(index), series, index, Whole(time.GetUtcNow() + Later));

    /// <summary>Dues are stored in whole milliseconds.</summary>
    private static DateTimeOffset Whole(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    private static TimeSpan LeadOf(int count) => TimeSpan.FromSeconds(1 + count / ScheduledPerSecondMin);

    private async Task ScheduleAllAsync(IEnumerable<TimedTask> tasks, TaskAnswer answer)
    {
        var failure = default(Exception);
        await Parallel.ForEachAsync(
            tasks.Chunk(TasksPerCommit),
            new ParallelOptions { MaxDegreeOfParallelism = FewCallers },
            async (some, _) =>
            {
                try
                {
                    await CommitAsync(some);
                }
                catch (Exception e)
                {
                    failure = e;
                }
            }
        );
        if (failure is not null)
            answer.Notes.Add($"Some tasks were not scheduled: {failure.Message}");
    }

    private async Task<CallOutcome> CommitAsync(TimedTask[] schedules, params TaskKey[] removals)
    {
        var shard = schedules is [{ } first, ..] ? first.Key.Shard : removals[0].Shard;
        var place =
            committer.TryReserve(shard) ?? throw new InvalidOperationException("The committer's queue is full.");
        var result = await committer.CommitAsync(
            place,
            new Commit
            {
                Id = ids.NextCommitId(),
                Shard = shard,
                Token = new ActivationToken(),
                Schedules = schedules,
                Removals = removals,
            }
        );
        return result.Status == CommitStatus.Committed
            ? CallOutcome.Done
            : throw new InvalidOperationException($"The commit is {result.Status}.");
    }

    private async Task UntilAsync(DateTimeOffset moment)
    {
        var left = moment - time.GetUtcNow();
        if (left > TimeSpan.Zero)
            await Task.Delay(left, time);
    }

    /// <summary>Until nothing is due any more: what one part leaves must not hold up the next.</summary>
    private async Task SettledAsync(Task all)
    {
        await all.WaitAsync(SettledWithin, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var waited = Stopwatch.StartNew();
        while (queues.Running > 0 && waited.Elapsed < SettledWithin)
            await Task.Delay(20);
    }

    private void Start()
    {
        foreach (var meter in meters)
            meter.Start();
    }

    private void Stop()
    {
        foreach (var meter in meters)
            meter.Stop();
    }
}
