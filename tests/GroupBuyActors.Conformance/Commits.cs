using System.Diagnostics.Metrics;
using System.Text;
using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Conformance;

/// <summary>Commits as groups make them, and what is said about them.</summary>
internal static class Commits
{
    public static readonly DateTimeOffset Evening = new(2026, 3, 1, 20, 0, 0, TimeSpan.Zero);
    private static int s_ids;

    public static GroupId Group(int number) => GroupId.Parse($"{10_000 + number}.SH-PUDONG.tea-{number}");

    /// <summary>Ids that repeat from run to run.</summary>
    public static Guid NewId() => new(Interlocked.Increment(ref s_ids), 7, 7, [1, 2, 3, 4, 5, 6, 7, 8]);

    /// <summary>A join: event, task and status row, all of one sequence.</summary>
    public static Commit Join(
        GroupId group,
        long sequence,
        ActivationToken? token = null,
        Guid? id = null,
        IReadOnlyList<TaskKey>? removals = null,
        long? statusSequence = null,
        string type = "order.placed"
    ) =>
        new()
        {
            Id = id ?? NewId(),
            Shard = group.Shard,
            Token = token ?? new ActivationToken(),
            Actor = group.Actor,
            Events = [Event(sequence, type)],
            Schedules = [OrderClose(group, sequence)],
            Removals = removals ?? [],
            Rows = [Status(group, statusSequence ?? sequence)],
        };

    /// <summary>A commit about tasks alone, such as a port's.</summary>
    public static Commit Task(
        TaskRun run,
        ActivationToken? token = null,
        IReadOnlyList<TimedTask>? schedules = null,
        IReadOnlyList<TaskKey>? removals = null,
        IReadOnlyList<TimedTask>? updates = null,
        IReadOnlyList<TaskOutcome>? outcomes = null
    ) =>
        new()
        {
            Id = NewId(),
            Shard = run.Key.Shard,
            Token = token ?? new ActivationToken(),
            Run = run,
            Schedules = schedules ?? [],
            Removals = removals ?? [],
            Updates = updates ?? [],
            Outcomes = outcomes ?? [],
        };

    public static JournalEvent Event(long sequence, string type = "order.placed") =>
        new(
            sequence,
            type,
            1,
            Evening.AddMilliseconds(sequence),
            Encoding.UTF8.GetBytes($$"""{"user":"Zoë O'Hara \\ 汉字","n":{{sequence}}}"""),
            null
        );

    public static TimedTask OrderClose(GroupId group, long sequence) =>
        new()
        {
            Key = new TaskKey(group.Shard, Evening.AddMinutes(30), TaskIds.Of(group.Actor, sequence, "order-close")),
            Type = "order-close",
            Actor = group.Actor,
            Payload = Encoding.UTF8.GetBytes("{}"),
            NextAt = Evening.AddMinutes(30),
        };

    /// <summary>The end of a group's task as a dead letter.</summary>
    public static TaskOutcome Ending(
        GroupId group,
        long sequence,
        int version = 1,
        string? error = "Zoë O'Hara \\ 汉字"
    ) =>
        TaskOutcome.Of(
            OrderClose(group, sequence) with
            {
                Version = version,
                Attempts = 3,
            },
            TaskOutcomeStatus.Dead,
            Evening.AddMinutes(31),
            error
        );

    public static TaskRun Run(GroupId group, long sequence, int version = 1) =>
        new(OrderClose(group, sequence).Key, version);

    public static OrderStatusChange Status(GroupId group, long sequence) =>
        new(
            sequence,
            Evening,
            new OrderView
            {
                OrderId = new OrderId(group, (int)sequence),
                UserId = "Zoë O'Hara \\ 汉字",
                Quantity = 1,
                Total = new Money(1990, "CNY"),
                Status = OrderStatus.PendingPayment,
                PlacedAt = Evening,
                ClosesAt = Evening.AddMinutes(30),
            }
        );

    /// <summary>Reserves and commits; the outcome in bounded time.</summary>
    public static Task<CommitResult> SendAsync(this Committer committer, Commit commit)
    {
        var reservation = committer.TryReserve(commit.Shard);
        Assert.NotNull(reservation);
        return committer.CommitAsync(reservation, commit).WaitAsync(Databases.Eventually.Bound);
    }

    /// <summary>Sends several in this order and waits for all.</summary>
    public static Task<CommitResult[]> SendAllAsync(this Committer committer, params IEnumerable<Commit> commits) =>
        System.Threading.Tasks.Task.WhenAll(commits.Select(committer.SendAsync).ToList());
}

/// <summary>Counts what a committer measures.</summary>
internal sealed class Retries : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, long> _counts = [];

    public Retries(Committer committer)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == committer.Metrics.Meter && instrument.Name == "commit_retries_total")
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>(
            (_, measurement, tags, _) =>
            {
                lock (_counts)
                {
                    var reason = (string)tags[0].Value!;
                    _counts[reason] = _counts.GetValueOrDefault(reason) + measurement;
                }
            }
        );
        _listener.Start();
    }

    public long this[string reason]
    {
        get
        {
            lock (_counts)
                return _counts.GetValueOrDefault(reason);
        }
    }

    public void Dispose() => _listener.Dispose();
}
