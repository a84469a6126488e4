using System.Diagnostics.Metrics;
using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Relay;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Setting;

/// <summary>A durable sink that remembers what it took, and is down at will.</summary>
internal sealed class RecordingSink(string name) : IStreamSink, IStreamConsumer
{
    private readonly Lock _gate = new();
    private readonly List<Commit> _commits = [];
    private readonly List<long> _positions = [];
    private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _took = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => name;

    public IStreamConsumer Of(long stream) => this;

    public volatile bool IsDown;

    /// <summary>The sequences of events taken, in order; in these tests they equal positions.</summary>
    public List<long> Positions
    {
        get
        {
            lock (_gate)
                return [.. _positions];
        }
    }

    public Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation) =>
        Take(commits, commits.SelectMany(commit => commit.Events).Select(e => e.Sequence));

    public Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation) =>
        Take([], rows.Select(row => row.Sequence));

    public Task RefusedAsync() => _refused.Task.WaitAsync(TestSilo.Bound);

    public Task ReachedAsync(long position) => UntilAsync(() => _positions.Contains(position));

    public Task TookAsync(Func<IReadOnlyList<Commit>, bool> expected) => UntilAsync(() => expected(_commits));

    private async Task UntilAsync(Func<bool> expected)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            Task took;
            lock (_gate)
            {
                if (expected())
                    return;
                took = _took.Task;
            }

            await took.WaitAsync(bound.Token);
        }
    }

    private Task Take(IReadOnlyList<Commit> commits, IEnumerable<long> positions)
    {
        if (IsDown)
        {
            _refused.TrySetResult();
            return Task.FromException(new IOException("The sink is down."));
        }

        lock (_gate)
        {
            _commits.AddRange(commits);
            _positions.AddRange(positions);
            _took.SetResult();
            _took = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return Task.CompletedTask;
    }
}

/// <summary>One stream of one group in memory, position by position.</summary>
internal sealed class MemoryStreams : IStreams
{
    private static readonly GroupId Group = GroupId.Parse("1.SH.tea");
    private readonly Lock _gate = new();
    private readonly List<JournalRow> _rows = [];

    public long Cursor { get; private set; }

    public bool CursorNeverMovedBack { get; private set; } = true;

    /// <summary>Stores the next commit, of one event whose sequence is its position.</summary>
    public CommittedBatch Commit(long position)
    {
        var commit = new Commit
        {
            Id = new Guid((int)position, 0, 0, new byte[8]),
            Shard = Group.Shard,
            Token = new ActivationToken(),
            Actor = Group.Actor,
            Events = [new JournalEvent(position, "order.placed", 1, default, default, null)],
        };
        lock (_gate)
            _rows.Add(
                new JournalRow
                {
                    Stream = 1,
                    Position = position,
                    CommitId = commit.Id,
                    Actor = Group.Actor,
                    Sequence = position,
                }
            );
        return new CommittedBatch(1, [(position, commit)]);
    }

    public Task<IReadOnlyList<JournalRow>> ReadAsync(long stream, long after, int limit, CancellationToken cancellation)
    {
        lock (_gate)
            return Task.FromResult<IReadOnlyList<JournalRow>>([
                .. _rows.Where(row => row.Position > after).Take(limit),
            ]);
    }

    public Task<long> EndAsync(long stream, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<long> CursorAsync(long stream, string sink, CancellationToken cancellation) => Task.FromResult(Cursor);

    public async Task<long?> UndrainedCursorAsync(long stream, string sink, CancellationToken cancellation) =>
        await CursorAsync(stream, sink, cancellation);

    public Task MoveCursorAsync(long stream, string sink, long position, CancellationToken cancellation)
    {
        CursorNeverMovedBack &= position >= Cursor;
        Cursor = position;
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<StreamRow>> ListAsync(CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task FenceAsync(IReadOnlyCollection<long> streams, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task MarkDrainedAsync(long stream, CancellationToken cancellation) => throw new NotSupportedException();

    public Task PurgeAsync(CancellationToken cancellation) => throw new NotSupportedException();
}

/// <summary>Meters that nobody reads.</summary>
internal sealed class NoMeters : IMeterFactory
{
    private readonly Meter _meter = new("GroupBuyActors.Tests");

    public Meter Create(MeterOptions options) => _meter;

    public void Dispose() => _meter.Dispose();
}
