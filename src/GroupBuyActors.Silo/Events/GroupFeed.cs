using GroupBuyActors.Background;
using GroupBuyActors.Retries;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Events;

/// <summary>
/// The events of one group for all who watch it through this silo. The group is asked by one call at a time whether
/// there is more, and each event is read from the journal once, however many watch; so a watcher costs the group
/// nothing, and every watcher sees what is durable and nothing else.
/// <para>
/// What was read last is kept, bounded. Who begins earlier, or falls behind, reads the journal itself until the feed
/// reaches back far enough. The feed runs while somebody watches.
/// </para>
/// </summary>
internal sealed class GroupFeed(GroupId group, GroupFeeds feeds, GroupCalls calls, TimeProvider time) : StreamingService
{
    /// <summary>Events kept: a watcher that connects anew within that many misses none and reads nothing.</summary>
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

    /// <summary>Who watches; kept by <see cref="GroupFeeds"/>.</summary>
    public int Watchers { get; set; }

    public void Start(BackgroundSupervisor background) => background.RunAsync(this, _ending.Token).Ignore();

    public void End() => _ending.Cancel();

    /// <summary>
    /// The events after a sequence that are kept here; null where the journal must be read for them. Where there are
    /// none, the task ends once there are more.
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

    /// <summary>Waits until there is more than was read, and reads it; gives how many events that were.</summary>
    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        if (await calls.WaitForEventsAsync(group, _begun ? _frames.Last : -1, cancellation) is not { } head)
        {
            await Task.Delay(RetryWait, time, cancellation);
            return 0;
        }

        // Under load events gather, so that what is sent to watchers stays bounded whatever a group does.
        if (_begun)
            await Task.Delay(feeds.Gathers, time, cancellation);
        else
            BeginAfter(Math.Max(0, head - GroupFeeds.PageSize));
        var read = 0;
        while (_frames.Last < head && await feeds.ReadAsync(group, _frames.Last, cancellation) is { Count: > 0 } frames)
        {
            Add(frames);
            read += frames.Count;
        }

        // The others were removed after their time: nobody needs to ask for them again.
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
