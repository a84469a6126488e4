using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using GroupBuyActors.Committing;
using GroupBuyActors.Reading;

namespace GroupBuyActors.Relay;

/// <summary>An event of any actor, as it was committed on this silo.</summary>
internal sealed record CommittedEvent(
    ActorId Actor,
    long Sequence,
    string Type,
    int Version,
    DateTimeOffset Time,
    ReadOnlyMemory<byte> Payload,
    string? Trace
);

/// <summary>All events that this silo commits, from now on, in order per group.</summary>
internal interface IGroupEventFeed
{
    /// <summary>
    /// Subscribes until cancelled. A reader that falls more than 10,000 events behind is let go with
    /// <see cref="InvalidOperationException"/>: it reads the groups' histories and subscribes anew.
    /// </summary>
    IAsyncEnumerable<CommittedEvent> ReadAllAsync(CancellationToken cancellation);
}

/// <summary>
/// Hands events to subscribers in this process; nothing of it survives the process, so it keeps no cursor.
/// </summary>
internal sealed class GroupEventFeed : IGroupEventFeed, IStreamSink
{
    private const int BehindMax = 10_000;
    private ImmutableArray<Channel<CommittedEvent>> _readers = [];

    public string Name => "feed";

    public bool IsDurable => false;

    public IAsyncEnumerable<CommittedEvent> ReadAllAsync(CancellationToken cancellation)
    {
        var reader = Channel.CreateBounded<CommittedEvent>(
            new BoundedChannelOptions(BehindMax) { SingleReader = true }
        );
        ImmutableInterlocked.Update(ref _readers, (readers, added) => readers.Add(added), reader);
        return Read(reader, cancellation);
    }

    public Task TakeAsync(IReadOnlyList<Commit> commits, CancellationToken cancellation)
    {
        var readers = _readers;
        if (readers.IsEmpty)
            return Task.CompletedTask;
        foreach (var commit in commits)
        {
            if (commit.Actor is not { } actor)
                continue;
            foreach (var e in commit.Events)
                Offer(readers, new CommittedEvent(actor, e.Sequence, e.Type, e.Version, e.Time, e.Payload, e.Trace));
        }

        return Task.CompletedTask;
    }

    public Task TakeAsync(IReadOnlyList<JournalRow> rows, CancellationToken cancellation)
    {
        var readers = _readers;
        foreach (var row in rows)
            if (row.Actor is { } actor)
                Offer(
                    readers,
                    new CommittedEvent(actor, row.Sequence, row.Type, row.Version, row.Time, row.Payload, row.Trace)
                );
        return Task.CompletedTask;
    }

    private static void Offer(ImmutableArray<Channel<CommittedEvent>> readers, CommittedEvent happened)
    {
        foreach (var reader in readers)
            if (!reader.Writer.TryWrite(happened))
                reader.Writer.TryComplete(
                    new InvalidOperationException("The subscriber fell too far behind the events.")
                );
    }

    private async IAsyncEnumerable<CommittedEvent> Read(
        Channel<CommittedEvent> reader,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        try
        {
            await foreach (var happened in reader.Reader.ReadAllAsync(cancellation))
                yield return happened;
        }
        finally
        {
            ImmutableInterlocked.Update(ref _readers, (readers, gone) => readers.Remove(gone), reader);
        }
    }
}
