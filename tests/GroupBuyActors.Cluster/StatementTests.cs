using System.Diagnostics;
using System.Globalization;
using System.Net;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>
/// How many statements the database is sent, counted by the server itself: each statement of a packet is one, also
/// <c>start transaction</c> and <c>commit</c>. The figures measured are in <c>tests/README.md</c>; the limits here
/// leave room for a loaded machine, on which less is done by each packet.
/// </summary>
public sealed class StatementTests(ITestOutputHelper output)
{
    private const int Sleeping = 4_000;
    private const int Joins = 400;

    // Statements a second: three silos stay below 50.
    private const double IdleMax = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task NobodyPaysForGroupsThatSleepAndAJoinAndItsTaskCostAHandfulOfStatements()
    {
        await using var system = await TestedSystem.OnMariaDbAsync(1);
        var sleeping = new SleepingGroups(system.Database!, system.DatabaseName!);
        await sleeping.PublishAsync(system.Silos[0].Address);
        await using var statements = await StatementCounter.ConnectAsync(system.Database!);
        var idle = await IdleAsync(statements, "idle silo", IdleMax);

        var lone = await JoinAsync(system, statements, idle, "lone", callers: 1);
        var many = await JoinAsync(system, statements, idle, "many", callers: 32);
        var fired = await FireAsync(system, statements, idle);

        Assert.Equal(0, await system.StopAsync(0));
        await sleeping.CopyAsync(Sleeping);
        await using var sinceStart = await StatementCounter.ConnectAsync(system.Database!);
        await sinceStart.BeginAsync();
        var watch = Stopwatch.StartNew();
        await system.RestartAsync(0);
        await TouchAsync(system);
        var withSleeping = await IdleAsync(statements, $"idle silo with {Sleeping} sleeping groups", IdleMax);

        var beside = await sinceStart.CountAsync() - withSleeping * watch.Elapsed.TotalSeconds;
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"start with {Sleeping} sleeping groups: {beside:0} statements")
        );

        // Every kind of work that follows a start, each of which must not ask for every group or merchant.
        Assert.InRange(beside, 1, 900);
        Assert.InRange(lone, 1, 12);
        Assert.InRange(many, 0.1, 6);
        Assert.InRange(fired, 0.1, 30);
        Assert.InRange(idle, 0.1, IdleMax);
        Assert.InRange(withSleeping, 0.1, IdleMax);
    }

    /// <summary>
    /// Statements a second of a silo that nobody calls. What follows its start, such as the count of pending tasks, is
    /// waited for: it ends.
    /// </summary>
    private async Task<double> IdleAsync(StatementCounter statements, string what, double atMost)
    {
        for (var started = TimeProvider.System.GetTimestamp(); ; )
        {
            await statements.LogAsync();
            var watch = Stopwatch.StartNew();
            await statements.BeginAsync();
            await Task.Delay(Window);
            var rate = await statements.CountAsync() / watch.Elapsed.TotalSeconds;
            Tell($"{what}: {rate:0.0} statements/s", await statements.KindsAsync(), Window.TotalSeconds);
            if (rate <= atMost || TimeProvider.System.GetElapsedTime(started) > Patience)
                return rate;
        }
    }

    /// <summary>Statements of a join, with what writes lists, less those of an idle silo.</summary>
    private async Task<double> JoinAsync(
        TestedSystem system,
        StatementCounter statements,
        double idle,
        string name,
        int callers
    )
    {
        using var edge = new Edge(system.Addresses);
        await PublishAsync(edge, name, "PT1H");
        return await CountAsync(
            statements,
            idle,
            $"join, {callers} callers",
            () => JoinAllAsync(edge, name, Joins, callers)
        );
    }

    /// <summary>Statements of a task that is due: the order of a buyer who does not pay is closed.</summary>
    private async Task<double> FireAsync(TestedSystem system, StatementCounter statements, double idle)
    {
        using var edge = new Edge(system.Addresses);
        await PublishAsync(edge, "closes", "PT4S");
        await JoinAllAsync(edge, "closes", Joins, callers: 32);
        return await CountAsync(
            statements,
            idle,
            "task that closes an order, with the question to the payment provider",
            async () =>
            {
                var started = TimeProvider.System.GetTimestamp();
                while (await OrdersClosedAsync(system) < Joins)
                {
                    Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "Orders were not closed.");
                    await Task.Delay(500);
                }
            }
        );
    }

    private async Task<double> CountAsync(StatementCounter statements, double idle, string what, Func<Task> act)
    {
        await statements.LogAsync();
        await statements.BeginAsync();
        var watch = Stopwatch.StartNew();
        await act();
        var count = await statements.CountAsync();
        var each = (count - idle * watch.Elapsed.TotalSeconds) / Joins;
        Tell($"{what}: {each:0.00} statements", await statements.KindsAsync(), Joins);
        return each;
    }

    /// <summary>A copy is a group like any other: it wakes when it is called.</summary>
    private static async Task TouchAsync(TestedSystem system)
    {
        using var edge = new Edge(system.Addresses);
        for (var number = 0; number < 8; number++)
        {
            var id = SleepingGroups.IdOf(number);
            var group = await edge.AskAsync(HttpMethod.Get, $"/v1/groups/{id}");
            Assert.Equal(HttpStatusCode.OK, group.Status);
            Assert.Equal(id, group.Body.GetProperty("groupId").GetString());
            var check = await edge.AskAsync(HttpMethod.Get, $"/v1/admin/groups/{id}/tasks-check");
            Assert.True(check.Succeeded && check.Body.GetProperty("holds").GetBoolean(), check.ToString());
        }
    }

    private static async Task PublishAsync(Edge edge, string name, string paymentWindow)
    {
        var published = await edge.AskAsync(
            HttpMethod.Put,
            $"/v1/groups/10042.SH-PUDONG.{name}",
            new
            {
                title = "Tea",
                sku = $"tea-{name}",
                unitPrice = new { amount = 6_800, currency = "CNY" },
                minGroupSize = 50_000,
                paymentWindow,
            }
        );
        Assert.Equal(HttpStatusCode.Created, published.Status);
    }

    private static Task JoinAllAsync(Edge edge, string name, int joins, int callers) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, joins),
            new ParallelOptions { MaxDegreeOfParallelism = callers },
            async (buyer, cancellation) =>
            {
                var joined = await edge.AskAsync(
                    HttpMethod.Post,
                    $"/v1/groups/10042.SH-PUDONG.{name}/orders",
                    new { userId = $"buyer-{buyer}" },
                    $"{name}-{buyer}",
                    cancellation: cancellation
                );
                Assert.Equal(HttpStatusCode.Created, joined.Status);
            }
        );

    private static async Task<long> OrdersClosedAsync(TestedSystem system) =>
        Convert.ToInt64(
            await system.Database!.ScalarAsync(
                system.DatabaseName,
                "select count(*) from order_status_log where status = 'CLOSED'"
            ),
            CultureInfo.InvariantCulture
        );

    private void Tell(string what, IReadOnlyList<(string Kind, int Count)> kinds, double per)
    {
        output.WriteLine(what);
        foreach (var (kind, count) in kinds.Take(16))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {count / per, 8:0.00}  {kind}"));
    }
}
