using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Testing.Silos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>A service beside the cluster that calls the actors, while silos die.</summary>
public sealed class OrleansClientTests(ITestOutputHelper output)
{
    private const int Groups = 24,
        Callers = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task TheExampleRunsAndNothingIsLostOrDoubledWhenASiloIsKilled()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(3);
        var connection = system.Silos[0].Settings.MySql!;
        var order = await ClientExample.RunAsync(
            ["--ConnectionStrings:GroupBuy", connection, "--Logging:LogLevel:Default", "Warning"],
            GroupId.Parse("10042.SH-PUDONG.crabs-1")
        );
        Assert.Equal((1, "lin"), (order.OrderId.Number, order.UserId));

        using var host = HostOf(connection);
        await host.StartAsync();
        var calls = new Calls(host.Services.GetRequiredService<IGroupBuyClient>());
        try
        {
            await calls.PublishAsync();
            calls.Start();
            await calls.UntilEveryGroupAnsweredAsync();
            await system.KillAsync(0);
            await calls.UntilEveryGroupAnsweredAsync();
            await calls.StopAsync();
            await calls.CheckAsync();
        }
        catch
        {
            output.WriteLine(system.Tails());
            throw;
        }

        output.WriteLine($"{calls.Acknowledged} joins; the slowest took {calls.Slowest.TotalSeconds:0.00} s");
        await host.StopAsync();
    }

    [Fact]
    public void TheReadmeShowsTheExampleThatRuns()
    {
        var source = Between(File.ReadAllText(Beside("ClientExample.cs")), "// <example>\n", "// </example>");
        var readme = Between(
            File.ReadAllText(Beside("../../src/GroupBuyActors.Client/README.md")),
            "```csharp\n",
            "```"
        );
        Assert.Equal(LinesOf(source), LinesOf(readme));
    }

    private static IHost HostOf(string connection)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddGroupBuyOrleansClient(client =>
        {
            client.ConnectionString = connection;
            // As long as any machine needs: what is claimed here is not how fast it is.
            client.Budget = Patience;
        });
        return builder.Build();
    }

    private static string Beside(string path, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, path);

    private static string Between(string text, string begin, string end)
    {
        var from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    // Without the indentation, which differs.
    private static IEnumerable<string> LinesOf(string text) =>
        text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0);

    /// <summary>Callers that join groups, each call with a buyer of its own, and check what became of them.</summary>
    private sealed class Calls(IGroupBuyClient client)
    {
        private readonly GroupId[] _groups =
        [
            .. Enumerable.Range(0, Groups).Select(n => GroupId.Parse($"{500 + n}.SH-PUDONG.tea")),
        ];
        private readonly ConcurrentDictionary<string, OrderId> _acknowledged = new();
        private readonly CancellationTokenSource _enough = new();
        private readonly int[] _answered = new int[Groups];
        private Task[] _running = [];
        private long _slowest;

        public int Acknowledged => _acknowledged.Count;

        public TimeSpan Slowest => TimeSpan.FromTicks(Volatile.Read(ref _slowest));

        public Task<GroupDocument[]> PublishAsync() =>
            Task.WhenAll(
                _groups.Select(group =>
                    client.PublishAsync(
                        group,
                        new GroupTermsRequest
                        {
                            Title = "Tea",
                            Sku = "tea",
                            UnitPrice = new Money(9900, "CNY"),
                            MinGroupSize = 90_000,
                            // Else a join that is made twice would be refused and not be seen.
                            PerUserLimit = 5,
                        }
                    )
                )
            );

        public void Start() =>
            _running = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => JoinAsync(caller)))];

        /// <summary>Waits until each group has answered a call that began after this one.</summary>
        public async Task UntilEveryGroupAnsweredAsync()
        {
            // A call that was under way may have been answered before.
            var before = _answered.ToArray();
            using var limit = new CancellationTokenSource(Patience);
            while (_answered.Zip(before).Any(count => count.First < count.Second + Callers + 1))
            {
                if (Array.Find(_running, running => running.IsFaulted) is { } failed)
                    await failed;
                await Task.Delay(20, limit.Token);
            }
        }

        public async Task StopAsync()
        {
            await _enough.CancelAsync();
            await Task.WhenAll(_running);
        }

        public async Task CheckAsync()
        {
            var placed = new ConcurrentBag<string>();
            foreach (var group in _groups)
            await foreach (var item in client.HistoryAsync(group))
                if (item.Type == "order.placed")
                    placed.Add(item.Data.GetProperty("userId").GetString()!);
            // Everything was waited for, so what was acknowledged and what is there are the same.
            Assert.Equal(_acknowledged.Keys.Order(StringComparer.Ordinal), placed.Order(StringComparer.Ordinal));
        }

        private async Task JoinAsync(int caller)
        {
            for (var n = 0; !_enough.IsCancellationRequested; n++)
            {
                var index = (caller + n) % Groups;
                var user = $"u-{caller}-{n}";
                var began = TimeProvider.System.GetTimestamp();
                _acknowledged[user] = (await client.JoinAsync(_groups[index], user)).OrderId;
                Note(TimeProvider.System.GetElapsedTime(began).Ticks);
                Interlocked.Increment(ref _answered[index]);
            }
        }

        private void Note(long taken)
        {
            for (var known = Volatile.Read(ref _slowest); taken > known; known = Volatile.Read(ref _slowest))
                Interlocked.CompareExchange(ref _slowest, taken, known);
        }
    }
}
