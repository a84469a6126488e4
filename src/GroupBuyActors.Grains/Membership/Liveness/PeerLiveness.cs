using GroupBuyActors.Store.Placement;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>
/// Asks whether runs of silos live: also of silos that died long ago, and while nobody else runs. Each question has a
/// thread of its own for as long as it takes, at most a few seconds.
/// </summary>
internal sealed class PeerLiveness(LivenessPorts ports, LivenessProbe probe)
{
    /// <summary>
    /// Asks for all of these at the same time. The answer for a silo without a stored port is unknown: it runs without
    /// detection. Throws only if the store fails or the caller cancels.
    /// </summary>
    public async Task<IReadOnlyDictionary<SiloAddress, LivenessAnswer>> AskAsync(
        IReadOnlyCollection<SiloAddress> silos,
        CancellationToken cancellation
    )
    {
        var known = silos.Count == 0 ? null : await ports.ReadAsync(cancellation);
        var answers = await Task.WhenAll(
            silos.Select(async silo => (silo, await AskAsync(silo, known!, cancellation)))
        );
        cancellation.ThrowIfCancellationRequested();
        return answers.ToDictionary(answer => answer.Item1, answer => answer.Item2);
    }

    private Task<LivenessAnswer> AskAsync(
        SiloAddress silo,
        IReadOnlyDictionary<string, int> known,
        CancellationToken cancellation
    ) =>
        known.TryGetValue(silo.ToParsableString(), out var port)
            ? Task.Factory.StartNew(
                () => probe.Ask(silo, port, cancellation),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            )
            : Task.FromResult<LivenessAnswer>(new LivenessAnswer.Unknown("it has no liveness port"));
}
