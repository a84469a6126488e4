using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Relay;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// The streams that this silo commits to, from their creation to their end: relayed while the silo runs, flushed and
/// fenced when it stops. If another silo fences them, this silo must exit.
/// </summary>
internal sealed class OwnStreams(
    ICommitter committer,
    IStreams streams,
    StreamRelay relay,
    BackgroundSupervisor background,
    SiloGate gate,
    ISiloExit exit,
    ILogger<OwnStreams> log
)
{
    public IReadOnlyList<long> Ids => committer.Streams;

    /// <summary>Subscribes to commits; called before the streams are opened, so that none is missed.</summary>
    public void Listen() => relay.Listen();

    /// <summary>Creates the streams, and begins to relay and to watch them.</summary>
    public async Task OpenAsync(SiloIdentity self, CancellationToken cancellation)
    {
        await committer.StartAsync(self, cancellation);
        relay.Start(background);
        WatchFence().Ignore();
    }

    /// <summary>
    /// Closes the streams, with each step run by <paramref name="step"/>, so that a step that fails does not prevent
    /// the next.
    /// </summary>
    public async Task CloseAsync(Func<string, Func<Task>, Task> step, CancellationToken cancellation)
    {
        var own = committer.Streams.ToArray();
        var flushed = false;
        await step("committer", () => committer.StopAsync(cancellation));
        await step("relay", async () => flushed = await relay.StopAsync(cancellation));
        await step("streams", () => EndAsync(own, flushed, cancellation));
    }

    private async Task EndAsync(long[] own, bool flushed, CancellationToken cancellation)
    {
        if (own.Length == 0)
            return;
        await streams.FenceAsync(own, cancellation);
        // A stream that every sink has taken to its end does not need to be adopted.
        foreach (var stream in flushed ? own : [])
            await streams.MarkDrainedAsync(stream, cancellation);
    }

    private async Task WatchFence()
    {
        var why = await committer.Fenced;
        gate.Close(why);
        MembershipLog.Fenced(log, why);
        exit.Exit(why);
    }
}
