using GroupBuyActors.Committing;
using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Conformance.Committing;

/// <summary>kill -9 of the database, under load.</summary>
public sealed class ServerDeathTests
{
    [Fact]
    public async Task WhatWasAcknowledgedBeforeTheDatabaseWasKilledIsThereAndTheRestGoesOn()
    {
        Assert.SkipWhen(
            Environment.GetEnvironmentVariable(MariaDbServer.ExistingServerVariable) is not null,
            "A server that is not ours is not killed."
        );
        await using var server = await MariaDbServer.StartAsync();
        await using var store = await MySqlUnderTest.CreateAsync(server);
        var committer = await store.StartAsync(o => (o.Lanes, o.RefusalTimeout) = (2, TimeSpan.FromMinutes(1)));
        using var retries = new Retries(committer);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var acknowledged = 0;
        var workers = Enumerable
            .Range(1, 32)
            .Select(worker =>
                Task.Run(async () =>
                {
                    var (group, token) = (Commits.Group(worker), new ActivationToken());
                    for (var i = 1; i <= 200; i++)
                    {
                        if (i == 150)
                            await goOn.Task;
                        Assert.Equal(
                            CommitStatus.Committed,
                            (await committer.SendAsync(Commits.Join(group, i, token))).Status
                        );
                        Interlocked.Increment(ref acknowledged);
                    }
                })
            )
            .ToList();

        await Eventually.TrueAsync(() => Volatile.Read(ref acknowledged) > 300, "commits flow");
        await server.KillAsync();
        var before = Volatile.Read(ref acknowledged);
        await Eventually.TrueAsync(() => retries["unreachable"] > 0, "the lanes notice");
        await server.RestartAsync();
        Assert.True(await store.NumberAsync("select count(*) from journal") >= before);
        goOn.SetResult();
        await Task.WhenAll(workers).WaitAsync(Eventually.Bound);
        Assert.Equal(32 * 200, await store.NumberAsync("select count(*) from journal"));
        Assert.Equal(32 * 200, await store.NumberAsync("select count(*) from order_status_log"));
    }
}
