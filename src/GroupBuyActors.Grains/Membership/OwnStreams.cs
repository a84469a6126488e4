using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Hosting;
using GroupBuyActors.Relay;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Membership;

/// <summary>
/// The streams that this silo commits to, from their allocation to their end: relayed while it lives, and flushed and
/// fenced when it stops. Where another silo fences them, this one may not go on.
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
    /// <summary>Their ids.</summary>
    public IReadOnlyList<long> Ids => committer.Streams;

    /// <summary>Listens from now on; called before they are opened, so that no commit is missed.</summary>
    public void Listen() => relay.Listen();

    /// <summary>Allocates them, and begins to relay and to watch them.</summary>
    public async Task OpenAsync(SiloIdentity self, CancellationToken cancellation)
    {
        await committer.StartAsync(self, cancellation);
        relay.Start(background);
        WatchFence().Ignore();
    }

    /// <summary>
    /// Closes them, each step by <paramref name="step"/>, so that one that fails does not skip the next.
    /// </summary>
    public async Task CloseAsync(Func<string, Func<Task>, Task> step, CancellationToken cancellation)
    {
        var mine = committer.Streams.ToArray();
        var flushed = false;
        await step("committer", () => committer.StopAsync(cancellation));
        await step("relay", async () => flushed = await relay.StopAsync(cancellation));
        await step("streams", () => EndAsync(mine, flushed, cancellation));
    }

    private async Task EndAsync(long[] mine, bool flushed, CancellationToken cancellation)
    {
        if (mine.Length == 0)
            return;
        await streams.FenceAsync(mine, cancellation);
        // A stream that every sink has to its end needs nobody to adopt it.
        foreach (var stream in flushed ? mine : [])
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
