using System.Globalization;
using System.Text;
using System.Text.Json;
using GroupBuyActors.Background;
using GroupBuyActors.Client;
using GroupBuyActors.Reading;
using GroupBuyActors.Silo.Connections;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Events;

/// <summary>The feeds of all groups that are watched through this silo, and what bounds them together.</summary>
internal sealed class GroupFeeds(
    GroupCalls calls,
    IActorReader reader,
    ConnectionSlots slots,
    EventMetrics metrics,
    BackgroundSupervisor background,
    TimeProvider time
)
{
    /// <summary>Events of one read of the journal.</summary>
    public const int PageSize = 500;

    /// <summary>
    /// Reads of the journal at once, for feeds and watchers that catch up: a quarter of the connections that serve
    /// reads.
    /// </summary>
    private const int ReadsMax = 4;

    // All feeds together keep about 64 MB; each may keep so much of it.
    private const long BytesTotal = 64 * 1024 * 1024,
        FeedBytesMin = 16 * 1024,
        FeedBytesMax = 1024 * 1024;

    // Each watcher is written to once an interval: ten thousand writes a second are what a silo can spare for watching.
    private static readonly TimeSpan GathersPerWatcher = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan GathersMin = TimeSpan.FromMilliseconds(10),
        GathersMax = TimeSpan.FromSeconds(1);

    private readonly Dictionary<GroupId, GroupFeed> _feeds = [];
    private readonly SemaphoreSlim _reads = new(ReadsMax);
    private int _watchers;
    private int _count;

    /// <summary>How long events gather before watchers are told: the longer, the more watch.</summary>
    public TimeSpan Gathers => Clamp(GathersPerWatcher * Volatile.Read(ref _watchers), GathersMin, GathersMax);

    /// <summary>What one feed may keep.</summary>
    public long BytesMax => Math.Clamp(BytesTotal / Math.Max(1, Volatile.Read(ref _count)), FeedBytesMin, FeedBytesMax);

    /// <summary>
    /// Takes a watcher's place at a group's feed, which is started for the first; null where too many watch. To be
    /// given back.
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

    /// <summary>Releases a watcher's slot; the last one ends the feed.</summary>
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

    /// <summary>Events after a sequence as the journal has them, at most a page.</summary>
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
