using System.Globalization;
using System.Text;
using System.Text.Json;
using GroupBuyActors.Background;
using GroupBuyActors.Client;
using GroupBuyActors.Reading;
using GroupBuyActors.Silo.Connections;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Events;

/// <summary>The feeds of all groups with watchers on this silo, and their common bounds.</summary>
internal sealed class GroupFeeds(
    GroupCalls calls,
    IActorReader reader,
    ConnectionSlots slots,
    EventMetrics metrics,
    BackgroundSupervisor background,
    TimeProvider time
)
{
    /// <summary>Events in one read of the journal.</summary>
    public const int PageSize = 500;

    /// <summary>
    /// Concurrent reads of the journal, for feeds and for watchers that catch up: a quarter of the connections that
    /// serve reads.
    /// </summary>
    private const int ReadsMax = 4;

    // All feeds together buffer about 64 MB; the others bound one feed.
    private const long BytesTotal = 64 * 1024 * 1024,
        FeedBytesMin = 16 * 1024,
        FeedBytesMax = 1024 * 1024;

    // Each watcher is written to once per delay: a silo can spare ten thousand writes a second for watchers.
    private static readonly TimeSpan DelayPerWatcher = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(10),
        DelayMax = TimeSpan.FromSeconds(1);

    private readonly Dictionary<GroupId, GroupFeed> _feeds = [];
    private readonly SemaphoreSlim _reads = new(ReadsMax);
    private int _watchers;
    private int _count;

    /// <summary>
    /// How long events are collected before watchers are notified; it grows with the number of watchers.
    /// </summary>
    public TimeSpan CollectionDelay => Clamp(DelayPerWatcher * Volatile.Read(ref _watchers), DelayMin, DelayMax);

    /// <summary>Bytes that one feed may buffer.</summary>
    public long BytesMax => Math.Clamp(BytesTotal / Math.Max(1, Volatile.Read(ref _count)), FeedBytesMin, FeedBytesMax);

    /// <summary>
    /// Adds a watcher to a group's feed, which the first one starts; null if there are too many watchers. The caller
    /// must call <see cref="Leave"/>.
    /// </summary>
    public GroupFeed? TryWatch(GroupId group)
    {
        lock (_feeds)
        {
            if (_watchers >= slots.StreamsMax)
            {
                metrics.Refused();
                return null;
            }

            if (!_feeds.TryGetValue(group, out var feed))
            {
                _feeds[group] = feed = new GroupFeed(group, this, calls, time);
                feed.Start(background);
            }

            feed.Watchers++;
            Count(1);
            return feed;
        }
    }

    /// <summary>Removes a watcher; the last one ends the feed.</summary>
    public void Leave(GroupFeed feed)
    {
        lock (_feeds)
        {
            feed.Watchers--;
            if (feed.Watchers == 0)
            {
                _feeds.Remove(feed.Group);
                feed.End();
            }

            Count(-1);
        }
    }

    /// <summary>Reads events after a sequence from the journal, at most a page.</summary>
    public async Task<IReadOnlyList<EventFrame>> ReadAsync(GroupId group, long after, CancellationToken cancellation)
    {
        await _reads.WaitAsync(cancellation);
        try
        {
            var rows = await reader.HistoryAsync(group.Actor, after, PageSize, cancellation);
            metrics.Read();
            return [.. rows.Select(FrameOf)];
        }
        finally
        {
            _reads.Release();
        }
    }

    private void Count(int change)
    {
        Volatile.Write(ref _watchers, _watchers + change);
        Volatile.Write(ref _count, _feeds.Count);
        metrics.Watching(_watchers, _feeds.Count);
    }

    private static EventFrame FrameOf(JournalRow row)
    {
        using var frame = new MemoryStream();
        frame.Write(
            Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"id: {row.Sequence}\nevent: {row.Type}\ndata: ")
            )
        );
        // JSON without indentation has no line break, so one data line holds it.
        frame.Write(JsonSerializer.SerializeToUtf8Bytes(HistoryEndpoints.Item(row), ContractJson.Options));
        frame.Write("\n\n"u8);
        return new EventFrame(row.Sequence, frame.ToArray());
    }

    private static TimeSpan Clamp(TimeSpan value, TimeSpan min, TimeSpan max) =>
        value < min ? min
        : value > max ? max
        : value;
}
