using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using GroupBuyActors.Cluster.Checks;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster.Updates;

/// <summary>
/// Silos are replaced one by one by those of a newer release, and back, while people buy. The newer one has one member
/// more in a command, in an event, in a task's payload and in a policy, and uses them.
/// </summary>
public sealed class RollingUpdateTests(ITestOutputHelper output)
{
    private const int Silos = 3;
    private const int Concurrency = 7;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly Insertion[] Members =
    [
        new(
            "GroupBuyActors.Abstractions/Groups/Commands.cs",
            "[property: Id(1)] int Quantity = 1,\n    [property: Id(2)] RequestKey? Request = null",
            ",\n    [property: Id(3)] string? Channel = null"
        ),
        new("GroupBuyActors.Silo/Groups/GroupEndpoints.cs", "new JoinGroup(userId, quantity, key", ", \"app\""),
        new("GroupBuyActors.Domain/Groups/JoiningRules.cs", "var (userId, quantity, _", ", channel"),
        new(
            "GroupBuyActors.Abstractions/Events/GroupEvent.cs",
            "OrderPlaced(string UserId, int Quantity, Money Total, DateTimeOffset ClosesAt",
            ", string? Channel = null"
        ),
        new("GroupBuyActors.Domain/Groups/JoiningRules.cs", "now + terms.PaymentWindow", ", channel"),
        new(
            "GroupBuyActors.Domain/Groups/Tasks/GroupTaskType.cs",
            "record OrderTask(int Order",
            ", string? Origin = null"
        ),
        new(
            "GroupBuyActors.Domain/Groups/GroupMachine.Follow.cs",
            "tasks.Add(OrderClose.Type, e.ClosesAt, new OrderTask(e.OrderId.Number",
            ", \"placed\""
        ),
        new(
            "GroupBuyActors.Durability/Tasks/TaskPolicyChange.cs",
            "public int? AlertAfter { get; init; }",
            "\n\n    public int? Burst { get; init; }"
        ),
        new("GroupBuyActors.Silo/Admin/PolicyEndpoints.cs", "\"alertAfter\",", "\n        \"burst\","),
        new(
            "GroupBuyActors.Silo/Admin/PolicyEndpoints.cs",
            "AlertAfter = fields.Int32(\"alertAfter\"),",
            "\n            Burst = fields.Int32(\"burst\"),"
        ),
    ];

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    [Fact]
    public async Task NoCallIsLostWhileSilosAreReplacedByANewerReleaseAndBack()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}");
        // Before the silos start: a build takes all cores, and starts are bounded in time.
        using var newer = await NewerBuild.MakeAsync(Members);
        Tell("built");
        await using var system = await TestedSystem.OnMariaDbAsync(Silos);
        var ledger = new Ledger();
        using var edge = new Edge(system.Addresses) { Complain = ledger.Complain };
        var auditor = new Auditor(edge, ledger);
        var crowd = new Crowd(edge, ledger, seed);
        try
        {
            crowd.Start();
            await ReplaceAsync(system, 0, newer.Silo);
            await ChangePolicyAsync(system.Silos[0].Address);
            await PolicyIsInForceAsync(system);
            await ReplaceAsync(system, 1, newer.Silo);
            await ReplaceAsync(system, 2, newer.Silo);
            var order = await PlaceLongOrderAsync(system, edge);
            Tell($"updated, {ledger.Acknowledged} acknowledged calls");
            for (var silo = 0; silo < Silos; silo++)
                await ReplaceAsync(system, silo, null);
            Tell($"rolled back, {ledger.Acknowledged} acknowledged calls");
            await PolicyIsInForceAsync(system);
            await crowd.StopAsync();
            crowd.ThrowIfBroken();
            await IsClosedAsync(edge, order);
            Assert.Null(await auditor.WaitUntilSettledAsync(Patience));
            Assert.Empty(await auditor.AuditAsync());
            // Both releases have written events under load.
            Assert.True(await CountAsync(system, "type='order.placed' and payload like '%\"channel\":\"app\"%'") > 30);
            Assert.True(await CountAsync(system, "type='order.placed' and payload not like '%\"channel\"%'") > 30);
            Tell($"audited; {ledger.Purchases.Count} orders, {edge.Unknown} tries without an answer");
        }
        catch
        {
            system.KeepsFiles = true;
            output.WriteLine(
                $"Logs are kept in {system.Directory}. Complaints:\n  {string.Join("\n  ", ledger.Complaints)}\n"
                    + system.Tails()
            );
            throw;
        }
    }

    /// <summary>As an orchestrator does: asked to stop, and started with another binary once it has.</summary>
    private static async Task ReplaceAsync(TestedSystem system, int silo, string? binary)
    {
        Assert.Equal(0, await system.StopAsync(silo));
        await system.LaunchAsync(silo, settings => settings with { Binary = binary });
        await system.ReadyAsync(silo);
        Assert.All(system.Silos, one => Assert.False(one.HasExited, one.Tail()));
    }

    private static async Task ChangePolicyAsync(Uri silo)
    {
        using var http = new HttpClient { BaseAddress = silo };
        using var answer = await http.PutAsync(
            "/v1/admin/policies/notify",
            new StringContent(
                $$"""{"concurrency":{{Concurrency}},"burst":3}""",
                System.Text.Encoding.UTF8,
                "application/json"
            )
        );
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>
    /// What an operator set on one release holds on the other, although it has a member that is unknown there.
    /// </summary>
    private static async Task PolicyIsInForceAsync(TestedSystem system)
    {
        using var http = new HttpClient();
        using var bound = new CancellationTokenSource(Patience);
        foreach (var silo in system.Silos)
            while (true)
            {
                var policy = await http.GetStringAsync(new Uri(silo.Address, "/v1/admin/policies/notify"), bound.Token);
                using var document = JsonDocument.Parse(policy);
                if (document.RootElement.GetProperty("version").GetInt32() == 1)
                {
                    Assert.Equal(Concurrency, document.RootElement.GetProperty("concurrency").GetInt32());
                    break;
                }
                await Task.Delay(100, bound.Token);
            }
    }

    /// <summary>An order whose task the newer release schedules and the older one runs.</summary>
    private static async Task<string> PlaceLongOrderAsync(TestedSystem system, Edge edge)
    {
        const string Group = "30001.SH-PUDONG.update";
        var published = await edge.AskAsync(
            HttpMethod.Put,
            $"/v1/groups/{Group}",
            new
            {
                title = "Tea",
                sku = "tea-update",
                unitPrice = new { amount = 6_800, currency = "CNY" },
                minGroupSize = 10,
                paymentWindow = "PT20S",
            }
        );
        Assert.Equal(HttpStatusCode.Created, published.Status);
        var joined = await edge.AskAsync(
            HttpMethod.Post,
            $"/v1/groups/{Group}/orders",
            new { userId = "alice" },
            "update"
        );
        Assert.Equal(HttpStatusCode.Created, joined.Status);
        Assert.Equal(
            1L,
            Convert.ToInt64(
                await system.Database!.ScalarAsync(
                    system.DatabaseName,
                    $"select count(*) from timed_task where id like '%{Group}:%' and type='order-close' "
                        + "and payload like '%\"origin\":\"placed\"%'"
                ),
                CultureInfo.InvariantCulture
            )
        );
        return joined.Body.GetProperty("orderId").GetString()!;
    }

    private static async Task IsClosedAsync(Edge edge, string order)
    {
        using var bound = new CancellationTokenSource(Patience);
        while (true)
        {
            var read = await edge.AskAsync(HttpMethod.Get, $"/v1/orders/{order}");
            if (read.Body.GetProperty("status").GetString() == "CLOSED")
                return;
            await Task.Delay(100, bound.Token);
        }
    }

    private static async Task<long> CountAsync(TestedSystem system, string where) =>
        Convert.ToInt64(
            await system.Database!.ScalarAsync(system.DatabaseName, $"select count(*) from journal where {where}"),
            CultureInfo.InvariantCulture
        );

    private void Tell(string what) =>
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds, 6:0.0} s  {what}")
        );
}
