using GroupBuyActors.Reading;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Setting;

/// <summary>The real reader, which counts what is loaded, and can be told to fail.</summary>
internal sealed class CountingReader(IActorReader inner) : IActorReader
{
    private int _loads;
    private int _heads;
    private int _snapshots;

    /// <summary>States loaded from the database.</summary>
    public int Loads => Volatile.Read(ref _loads);

    /// <summary>Heads read from the journal.</summary>
    public int Heads => Volatile.Read(ref _heads);

    /// <summary>Snapshots written.</summary>
    public int Snapshots => Volatile.Read(ref _snapshots);

    public Task<StoredActor> LoadAsync(ActorId actor, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _loads);
        return inner.LoadAsync(actor, cancellation);
    }

    public Task<long> HeadAsync(ActorId actor, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _heads);
        return inner.HeadAsync(actor, cancellation);
    }

    public Task<IReadOnlyList<JournalRow>> HistoryAsync(
        ActorId actor,
        long after,
        int limit,
        CancellationToken cancellation
    ) => inner.HistoryAsync(actor, after, limit, cancellation);

    public Task WriteSnapshotAsync(
        ActorId actor,
        long sequence,
        ReadOnlyMemory<byte> snapshot,
        CancellationToken cancellation
    )
    {
        Interlocked.Increment(ref _snapshots);
        return inner.WriteSnapshotAsync(actor, sequence, snapshot, cancellation);
    }

    /// <summary>Puts it around the store's reader.</summary>
    public static void Wrap(IServiceCollection services)
    {
        var reader = services.Last(service => service.ServiceType == typeof(IActorReader));
        services.Remove(reader);
        services.AddSingleton<IActorReader>(provider => new CountingReader(
            (IActorReader)reader.ImplementationFactory!(provider)
        ));
    }
}
