using System.Net;
using GroupBuyActors.Groups;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>
/// What the edge sends again is known again: it is never told as refused because its own first try was done.
/// </summary>
public sealed class EdgeRetryTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task ARevocationThatTakesLongerThanATryIsNotRefusedForItsOwnFirstTry()
    {
        var voucher = (await _api.FulfilAsync(TestSilo.NewGroup()))[0]["voucherCode"];
        (await _api.PostAsync($"/v1/vouchers/{voucher}/redemption")).Is(HttpStatusCode.OK);
        var answer = await WhileTheDatabaseIsHeldAsync(() => _api.DeleteAsync($"/v1/vouchers/{voucher}/redemption"));
        Assert.Equal("VOUCHER_ISSUED", answer.Is(HttpStatusCode.OK)["status"]);
        Assert.False(answer.IsReplayed);
    }

    [Fact]
    public async Task TheCallersOwnKeyHoldsOnEveryChangeOfAGroup()
    {
        var group = TestSilo.NewGroup();
        Assert.False(
            (await _api.SendAsync(HttpMethod.Put, $"/v1/groups/{group}", Api.Offer(), "k1"))
                .Is(HttpStatusCode.Created)
                .IsReplayed
        );
        Assert.True(
            (await _api.SendAsync(HttpMethod.Put, $"/v1/groups/{group}", Api.Offer(), "k1"))
                .Is(HttpStatusCode.Created)
                .IsReplayed
        );
        var order = (await _api.JoinAsync(group, "lin"))["orderId"];
        Assert.False(
            (await _api.SendAsync(HttpMethod.Delete, $"/v1/orders/{order}", null, "k1"))
                .Is(HttpStatusCode.OK)
                .IsReplayed
        );
        // Paid too late, the order is on its way back; who cancelled it hears what cancelling it said.
        (await _api.PayAsync(order)).Is(HttpStatusCode.Accepted);
        var again = (await _api.SendAsync(HttpMethod.Delete, $"/v1/orders/{order}", null, "k1")).Is(HttpStatusCode.OK);
        Assert.Equal((true, "CLOSED"), (again.IsReplayed, again["status"]));
        Assert.False(
            (await _api.SendAsync(HttpMethod.Delete, $"/v1/groups/{group}", null, "k1"))
                .Is(HttpStatusCode.OK)
                .IsReplayed
        );
        Assert.True(
            (await _api.SendAsync(HttpMethod.Delete, $"/v1/groups/{group}", null, "k1"))
                .Is(HttpStatusCode.OK)
                .IsReplayed
        );
    }

    /// <summary>A method that is added without a key would be sent again without one.</summary>
    [Fact]
    public void EveryCommandOfAGroupCarriesARequestKey()
    {
        string[] reads = [nameof(IGroupGrain.Get), nameof(IGroupGrain.GetOrder), nameof(IGroupGrain.WaitForEvents)];
        foreach (var method in typeof(IGroupGrain).GetMethods().Where(method => !reads.Contains(method.Name)))
            Assert.Contains(
                method.GetParameters(),
                parameter =>
                    parameter.ParameterType == typeof(RequestKey)
                    || parameter
                        .ParameterType.GetProperties()
                        .Any(property => property.PropertyType == typeof(RequestKey))
            );
    }

    // Longer than a plain command's try (1 s), shorter than what the store waits for its lock.
    private async Task<Answer> WhileTheDatabaseIsHeldAsync(Func<Task<Answer>> call)
    {
        await using var other = new SqliteConnection($"Data Source={silo.DataFile}");
        await other.OpenAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(other, "begin immediate");
        var answer = call();
        await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System, TestContext.Current.CancellationToken);
        await ExecuteAsync(other, "rollback");
        return await answer;
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string statement)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
