using System.Collections.Concurrent;
using System.Globalization;
using GroupBuyActors.Committing;
using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Conformance.Committing;

/// <summary>
/// Two silos that both believe they own the groups, on a network that loses answers: whatever is said must be so.
/// </summary>
public sealed class RandomCutsTests(MariaDb mariaDb, ITestOutputHelper output)
{
    private const int Groups = 24;
    private const int Cuts = 40;

    [Fact]
    public async Task EveryAnswerIsTrueWhateverIsCut()
    {
        var seed = int.TryParse(
            Environment.GetEnvironmentVariable("GROUPBUY_SEED"),
            CultureInfo.InvariantCulture,
            out var given
        )
            ? given
            : (int)(TimeProvider.System.GetTimestamp() & 0xFFFFFF);
        output.WriteLine($"GROUPBUY_SEED={seed}");
        await using var store = (MySqlUnderTest)await MySqlUnderTest.CreateAsync(mariaDb.Server);
        var silos = new[] { await store.StartAsync(), await store.StartAsync() };
        using var over = new CancellationTokenSource();
        var answers = new ConcurrentQueue<(Commit Commit, CommitResult Result)>();
        var workers = Enumerable
            .Range(0, Groups * 2)
            .Select(w => Task.Run(() => WorkAsync(store, silos[w % 2], Commits.Group(w / 2), answers, over.Token)))
            .ToList();

        await CutAsync(store.Proxy, new Random(seed));
        await over.CancelAsync();
        await Task.WhenAll(workers).WaitAsync(Eventually.Bound);

        await AssertTrueAsync(store, answers);
        Assert.All(silos, s => Assert.False(s.Fenced.IsCompleted));
    }

    /// <summary>An activation: commits on from what it has read, dies when it is refused, and is there again.</summary>
    private static async Task WorkAsync(
        MySqlUnderTest store,
        Committer silo,
        GroupId group,
        ConcurrentQueue<(Commit, CommitResult)> answers,
        CancellationToken over
    )
    {
        while (!over.IsCancellationRequested)
        {
            var token = new ActivationToken();
            var head = await store.NumberAsync($"select max(sequence) from journal where actor_id = '{group.Actor}'");
            while (!token.IsPoisoned && !over.IsCancellationRequested)
            {
                // Two in the pipe: the second is decided on top of the first.
                Commit[] pair = [Commits.Join(group, head + 1, token), Commits.Join(group, head + 2, token)];
                var places = pair.Select(commit => silo.TryReserve(commit.Shard)).ToList();
                if (places.Contains(null))
                {
                    // On a busy machine cuts can follow each other for so long that the lane refuses for a moment.
                    places.ForEach(reservation => reservation?.Dispose());
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
                    continue;
                }

                var results = await Task.WhenAll(pair.Select((commit, i) => silo.CommitAsync(places[i]!, commit)))
                    .WaitAsync(Eventually.Bound, CancellationToken.None);
                for (var i = 0; i < 2; i++)
                    answers.Enqueue((pair[i], results[i]));
                head += 2;
            }
        }
    }

    private static async Task CutAsync(TcpFaultProxy proxy, Random random)
    {
        for (var cut = 0; cut < Cuts; cut++)
        {
            var (point, left) = ((FaultPoint)random.Next(3), random.Next(1, 6));
            await proxy
                .Cut(point, p => p.Contains("insert into journal") && --left == 0)
                .Hit.WaitAsync(Eventually.Bound);
        }
    }

    private static async Task AssertTrueAsync(
        MySqlUnderTest store,
        ConcurrentQueue<(Commit Commit, CommitResult Result)> answers
    )
    {
        var stored = await store.Database.ReadAsync(
            (session, ct) =>
                session.ListAsync(
                    $"select stream, position, commit_id from journal",
                    r =>
                        (
                            At: new StreamPosition(r.GetInt64(0), r.GetInt64(1)),
                            Id: new Guid((byte[])r.GetValue(2), bigEndian: true)
                        ),
                    ct
                ),
            CancellationToken.None
        );
        var committed = answers.Where(a => a.Result.Status == CommitStatus.Committed).ToList();
        Assert.True(committed.Count > Groups);
        Assert.Equal(committed.Select(a => (a.Result.At, a.Commit.Id)).ToHashSet(), stored.ToHashSet());
        foreach (var stream in stored.GroupBy(s => s.At.Stream))
            Assert.Equal(stream.Count(), stream.Max(s => s.At.Position));
        Assert.Equal(stored.Count, await store.NumberAsync("select count(*) from order_status_log"));
        Assert.Equal(
            0,
            await store.NumberAsync(
                """
                select count(*) from (select actor_id from journal
                  group by actor_id having count(*) <> max(sequence)) gaps
                """
            )
        );
    }
}
