using GroupBuyActors.Background;
using GroupBuyActors.Retries;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Events;

/// <summary>
/// The events of one group for all its watchers on this silo. One call at a time waits for the group's next event, and
/// each event is read from the journal once for any number of watchers. So a watcher costs the group nothing, and
/// watchers see only durable events.
/// <para>
/// The latest events are kept in a bounded buffer. A watcher that starts earlier, or falls behind, reads the journal
/// itself until the buffer has its next event. The feed runs while there are watchers.
/// </para>
/// </summary>
internal sealed class GroupFeed(GroupId group, GroupFeeds feeds, GroupCalls calls, TimeProvider time) : StreamingService
{
    /// <summary>
    /// Events in the buffer: a watcher that reconnects within that many needs no read of the journal.
    /// </summary>
    private const int FramesMax = 2_000;

    private static readonly TimeSpan RetryWait = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private readonly EventFrames _frames = new(FramesMax);
    private TaskCompletionSource _more = New();
    private bool _begun;

    public override string Name => "event-feed";

    internal override Backoff Retry => new(RetryWait, RetryWait);

    public GroupId Group => group;

    /// <summary>The number of watchers; set by <see cref="GroupFeeds"/>.</summary>
    public int Watchers { get; set; }

    public void Start(BackgroundSupervisor background) => background.RunAsync(this, _ending.Token).Ignore();

    public void End() => _ending.Cancel();

    /// <summary>
    /// The buffered events after a sequence; null if they must be read from the journal. The task completes when events
    /// are added.
    /// </summary>
    public (IReadOnlyList<EventFrame>? Frames, Task More) After(long after, int limit)
    {
        lock (_gate)
        {
            if (!_begun)
                return ([], _more.Task);
            return (_frames.Reaches(after) ? _frames.After(after, limit) : null, _more.Task);
        }
    }

    /// <summary>Waits for events after the last one read, and reads them; returns their number.</summary>
    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        if (await calls.WaitForEventsAsync(group, _begun ? _frames.Last : -1, cancellation) is not { } head)
        {
            await Task.Delay(RetryWait, time, cancellation);
            return 0;
        }

        // Under load events are collected for a while, so that the number of writes to watchers stays bounded.
        if (_begun)
            await Task.Delay(feeds.CollectionDelay, time, cancellation);
        else
            BeginAfter(Math.Max(0, head - GroupFeeds.PageSize));
        var read = 0;
        while (_frames.Last < head && await feeds.ReadAsync(group, _frames.Last, cancellation) is { Count: > 0 } frames)
        {
            Add(frames);
            read += frames.Count;
        }

        // The others were removed by retention and are not read again.
        if (_frames.Last < head)
            BeginAfter(head);
        if (!_begun)
            Add([]);
        return read;
    }

    internal override void LogFailure(ILogger log, Exception failure, TimeSpan wait) =>
        EdgeLog.FeedFailed(log, failure, group);

    private void BeginAfter(long sequence)
    {
        lock (_gate)
            _frames.BeginAfter(sequence);
    }

    private void Add(IReadOnlyList<EventFrame> frames)
    {
        var bytesMax = feeds.BytesMax;
        TaskCompletionSource more;
        lock (_gate)
        {
            foreach (var frame in frames)
                _frames.Add(frame, bytesMax);
            (more, _more, _begun) = (_more, New(), true);
        }

        more.TrySetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
