using System.Net;
using System.Text;
using GroupBuyActors.Silo.Tests.Auth;
using GroupBuyActors.Store;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Vouchers;

/// <summary>
/// Whoever knows a voucher's code can redeem it: it is shown to its buyer and to operators, and to nobody else
/// anywhere.
/// </summary>
public sealed class VoucherSecrecyTests(KeyedSilo silo) : IClassFixture<KeyedSilo>
{
    private static int _codes;

    [Fact]
    public async Task OnlyItsBuyerAndOperatorsReadAVouchersCodeInAnOrder()
    {
        var (_, code) = await IssueAsync();
        var path = $"/v1/orders/{code.Order}";
        foreach (var secret in (string[])["s-operator", "s-lin"])
            Assert.Equal(code.Value, (await silo.As(secret).GetAsync(path)).Is(HttpStatusCode.OK)["voucherCode"]);
        foreach (var secret in (string[])["s-operator", "s-lin", "s-merchant", "s-payments"])
        {
            var answer = (await silo.As(secret).GetAsync(path)).Is(HttpStatusCode.OK);
            Assert.Equal(code.Tail, answer["voucherTail"]);
            Assert.Equal(
                secret is "s-operator" or "s-lin",
                answer.Text.Contains(code.Secret, StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public async Task NoAnswerToAMerchantOrThePaymentServiceHasTheCodeRememberedOrNot()
    {
        var (_, code) = await IssueAsync();
        string[] answers =
        [
            (await silo.As("s-payments").PayAsync($"{code.Order}", key: "again")).Is(HttpStatusCode.OK).Text,
            (await silo.As("s-payments").PayAsync($"{code.Order}", key: "again")).Is(HttpStatusCode.OK).Text,
            (await silo.As("s-merchant").PayAsync($"{code.Order}", paymentId: "p-1")).Is(HttpStatusCode.OK).Text,
            (await silo.As("s-merchant").PostAsync($"/v1/vouchers/{code.Value}/redemption", key: "redeem"))
                .Is(HttpStatusCode.OK)
                .Text,
            (await silo.As("s-merchant").PostAsync($"/v1/vouchers/{code.Value}/redemption", key: "redeem"))
                .Is(HttpStatusCode.OK)
                .Text,
            (await silo.As("s-merchant").DeleteAsync($"/v1/vouchers/{code.Value}/redemption"))
                .Is(HttpStatusCode.OK)
                .Text,
        ];
        Assert.All(answers, text => Assert.DoesNotContain(code.Secret, text, StringComparison.Ordinal));
        Assert.All(
            answers,
            text => Assert.Contains($"\"voucherTail\":\"{code.Tail}\"", text, StringComparison.Ordinal)
        );
        // An operator's voucher of somebody else's first answer, the same way round.
        var asked = (await silo.As("s-operator").PostAsync($"/v1/orders/{code.Order}/refunds", key: "refund")).Is(
            HttpStatusCode.Accepted
        );
        Assert.Equal(code.Value, asked["voucherCode"]);
    }

    [Fact]
    public async Task HistoriesStreamsAndListsHaveTheTailWhoeverAsks()
    {
        var (group, code) = await IssueAsync();
        foreach (var secret in (string[])["s-operator", "s-merchant"])
        {
            var history = (await silo.As(secret).GetAsync($"/v1/groups/{group}/history?limit=500"))
                .Is(HttpStatusCode.OK)
                .Text;
            Assert.Contains($"\"voucherTail\":\"{code.Tail}\"", history, StringComparison.Ordinal);
            Assert.DoesNotContain(code.Secret, history, StringComparison.Ordinal);
            var stream = await StreamUntilIssuedAsync(group, secret);
            Assert.Contains($"\"voucherTail\":\"{code.Tail}\"", stream, StringComparison.Ordinal);
            Assert.DoesNotContain(code.Secret, stream, StringComparison.Ordinal);
        }

        foreach (var secret in (string[])["s-operator", "s-lin"])
        {
            var orders = (await silo.As(secret).GetAsync("/v1/users/lin/orders?limit=500")).Is(HttpStatusCode.OK).Text;
            Assert.Contains($"\"voucherTail\":\"{code.Tail}\"", orders, StringComparison.Ordinal);
            Assert.DoesNotContain(code.Secret, orders, StringComparison.Ordinal);
        }
    }

    /// <summary>Of all tables only the group's own memory has it: the journal, and snapshots of the state.</summary>
    [Fact]
    public async Task TablesThatOthersReadDoNotHaveTheCode()
    {
        var (_, code) = await IssueAsync();
        using var database = new SqliteConnection(silo.Services.GetRequiredService<StoreOptions>().ConnectionString);
        await database.OpenAsync(TestContext.Current.CancellationToken);
        var holding = new List<string>();
        foreach (
            var table in await TextsAsync(
                database,
                "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
            )
        )
        foreach (var column in await TextsAsync(database, $"select name from pragma_table_info('{table}')"))
            if (
                (
                    await TextsAsync(
                        database,
                        $"select 1 from \"{table}\" where instr(cast(\"{column}\" as blob), "
                            + $"cast('{code.Secret}' as blob)) > 0"
                    )
                ).Count > 0
            )
                holding.Add($"{table}.{column}");
        Assert.Contains("journal.payload", holding);
        Assert.Empty(holding.Except(["journal.payload", "snapshot_chunk.data"]));
    }

    /// <summary>A fulfilled group of merchant 10042 and the voucher of its buyer lin.</summary>
    private async Task<(GroupId Group, VoucherCode Code)> IssueAsync()
    {
        var (group, operators) = (
            GroupId.Parse($"10042.SH-PUDONG.s-{Interlocked.Increment(ref _codes)}"),
            silo.As("s-operator")
        );
        (await operators.PutAsync($"/v1/groups/{group}", Api.Offer(2))).Is(HttpStatusCode.Created);
        foreach (var user in (string[])["lin", "wang"])
        {
            var order = (await operators.PostAsync($"/v1/groups/{group}/orders", $$"""{"userId":"{{user}}"}""")).Is(
                HttpStatusCode.Created
            )["orderId"];
            (await silo.As("s-payments").PayAsync(order)).Is(HttpStatusCode.OK);
        }

        await Api.Until(async () => (await operators.GetAsync($"/v1/groups/{group}"))["state"] == "FULFILLED");
        return (group, VoucherCode.Parse((await operators.GetAsync($"/v1/orders/{group}.1"))["voucherCode"]));
    }

    private async Task<string> StreamUntilIssuedAsync(GroupId group, string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/groups/{group}/events");
        request.Headers.Add("X-Api-Key", secret);
        using var response = await silo.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        using var reader = new StreamReader(
            await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)
        );
        var (read, issued) = (new StringBuilder(), 0);
        while (issued < 2 && await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            read.AppendLine(line);
            if (
                line.StartsWith("data:", StringComparison.Ordinal)
                && line.Contains("voucher.issued", StringComparison.Ordinal)
            )
                issued++;
        }

        return read.ToString();
    }

    private static async Task<List<string>> TextsAsync(SqliteConnection database, string sql)
    {
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var texts = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            texts.Add(reader.GetValue(0).ToString()!);
        return texts;
    }
}
