using GroupBuyActors.Ports;
using Microsoft.OpenApi;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>The adapters and the documents that services are built from say the same.</summary>
public sealed class ContractTests
{
    private static readonly GroupId Group = Samples.Group;
    private static readonly OrderId Order = Samples.Order;

    public static TheoryData<string> Ports => ["inventory", "payments", "notices"];

    /// <summary>Every way in which the ports are called, by the operation it must turn out to be.</summary>
    private static readonly Dictionary<string, (string Operation, Func<TestService, Task<PortReply>> Call)[]> Calls =
        new()
        {
            ["inventory"] =
            [
                (
                    "reserve",
                    s =>
                        s.Inventory.ReserveAsync(
                            new StockReservation(PortKeys.Reserve(Group, 3), Group, "茶/龙井 250", 100_000),
                            default
                        )
                ),
                (
                    "deduct",
                    s =>
                        s.Inventory.DeductAsync(
                            new StockDeduction(PortKeys.Deduct(Group, 1), PortKeys.Reserve(Group, 3), Group, "tea", 7),
                            default
                        )
                ),
                (
                    "release",
                    s =>
                        s.Inventory.ReleaseAsync(
                            new StockRelease(
                                PortKeys.Release(Group, 2),
                                PortKeys.Reserve(Group, 3),
                                Group,
                                "tea",
                                3,
                                0
                            ),
                            default
                        )
                ),
                (
                    "release",
                    s =>
                        s.Inventory.ReleaseAsync(
                            new StockRelease(PortKeys.Release(Group, 2), PortKeys.Reserve(Group, 3), Group, "tea", 0, 4)
                            {
                                UndoReservation = true,
                                UndoDeductions = [PortKeys.Deduct(Group, 1), PortKeys.Deduct(Group, 2)],
                            },
                            default
                        )
                ),
                ("stock_books", async s => Reply(await s.StockBooks.ReadAsync(Group.MerchantId, null, 500, default))),
                ("stock_books", async s => Reply(await s.StockBooks.ReadAsync(long.MaxValue, "a/b?c&d=e", 1, default))),
            ],
            ["payments"] =
            [
                (
                    "ask",
                    async s =>
                        await s.Payments.QueryAsync(Order, default) is var found
                            ? new PortReply(found.Answer, found.Detail)
                            : default
                ),
                (
                    "refund",
                    s =>
                        s.Payments.RefundAsync(
                            PortKeys.Refund(Order, "wx-4711"),
                            Order,
                            "wx-4711",
                            new Money(Money.AmountMax, "CNY"),
                            default
                        )
                ),
                (
                    "refund",
                    s =>
                        s.Payments.RefundAsync(
                            PortKeys.Refund(Order, "支付 #1/ü%"),
                            Order,
                            "支付 #1/ü%",
                            new Money(1, "USD"),
                            default
                        )
                ),
                (
                    "payment_books",
                    async s => Reply(await s.PaymentBooks.ReadAsync(Group.MerchantId, "next", 1_000, default))
                ),
            ],
            ["notices"] =
            [
                (
                    "notice",
                    s => s.Notices.SendAsync(PortKeys.Notice(Order, "success"), Order, "Алиса 🍵", "success", default)
                ),
            ],
        };

    [Theory]
    [MemberData(nameof(Ports))]
    public async Task WhatIsSentIsWhatTheContractSays(string port)
    {
        var contract = await Contract.ReadAsync(port);
        await using var service = TestService.New().Answers(new Answer(200, """{"items":[]}"""));
        foreach (var (operation, call) in Calls[port])
        {
            Assert.Equal(PortReply.Done, await call(service));
            Assert.Equal(operation, await contract.OperationOfAsync(service.Requests[^1], PathOf(port)));
        }

        Assert.Equal(
            contract.Operations.Select(o => o.Operation.OperationId).Order(),
            Calls[port].Select(c => c.Operation).Distinct().Order()
        );
    }

    /// <summary>
    /// Every answer that a document shows is what its own schema says, and means to the adapter what the document says.
    /// </summary>
    [Theory]
    [MemberData(nameof(Ports))]
    public async Task WhatTheContractShowsIsUnderstood(string port)
    {
        var contract = await Contract.ReadAsync(port);
        foreach (var (_, _, operation) in contract.Operations)
        {
            if (operation.RequestBody?.Content!["application/json"] is { } body)
                await Contract.ConformsAsync(body.Schema!, body.Example!.ToJsonString());
            var call = Calls[port].First(c => c.Operation == operation.OperationId).Call;
            foreach (var (status, response) in operation.Responses!)
            {
                var (type, content) = response.Content?.FirstOrDefault() ?? default;
                if (content is not null)
                    await Contract.ConformsAsync(content.Schema!, content.Example!.ToJsonString());
                await using var service = TestService
                    .New(options: o => o with { RetryCountMax = 0 })
                    .Answers(
                        new Answer(
                            int.Parse(status, System.Globalization.CultureInfo.InvariantCulture),
                            content?.Example?.ToJsonString() ?? "",
                            type ?? "application/json"
                        )
                    );
                Assert.Equal(
                    (operation.OperationId, status, MeaningOf(operation, status)),
                    (operation.OperationId, status, (await call(service)).Answer)
                );
            }
        }
    }

    /// <summary>No code is known to one side only.</summary>
    [Theory]
    [MemberData(nameof(Ports))]
    public async Task EveryCodeThatRefusesIsKnownToBothSides(string port)
    {
        var contract = await Contract.ReadAsync(port);
        var all = contract
            .Operations.SelectMany(o => Contract.CodesOf(o.Operation, "409"))
            .Append("request.in_progress")
            .Append("idempotency.mismatch")
            .Append("order.unknown")
            .Distinct()
            .ToList();
        foreach (var (_, _, operation) in contract.Operations.Where(o => o.Method == HttpMethod.Post))
        {
            var refuses = Contract.CodesOf(operation, "409").ToList();
            var call = Calls[port].First(c => c.Operation == operation.OperationId).Call;
            foreach (var code in all)
            {
                await using var service = TestService.New().Answers(Answer.Problem(409, code));
                Assert.Equal(
                    (operation.OperationId, code, refuses.Contains(code)),
                    (operation.OperationId, code, (await call(service)).Answer == PortAnswer.Refused)
                );
            }
        }
    }

    /// <summary>The check itself can fail: what is not in a document is found.</summary>
    [Theory]
    [InlineData(
        "/inventory/refunds",
        """{"groupId":"1.SH.a","merchantId":1,"sku":"t","units":1}""",
        "reserve:1.SH.a:1"
    )]
    [InlineData(
        "/inventory/reservations",
        """{"groupId":"1.SH.a","merchantId":"1","sku":"t","units":1}""",
        "reserve:1.SH.a:1"
    )]
    [InlineData(
        "/inventory/reservations",
        """{"groupId":"1.SH.a","merchantId":1,"sku":"t","units":1,"price":5}""",
        "reserve:1.SH.a:1"
    )]
    [InlineData("/inventory/reservations", """{"groupId":"1.SH.a","merchantId":1,"units":1}""", "reserve:1.SH.a:1")]
    [InlineData("/inventory/reservations", """{"groupId":"1.SH.a","merchantId":1,"sku":"t","units":1}""", "nonsense")]
    [InlineData(
        "/inventory/reservations?verbose=1",
        """{"groupId":"1.SH.a","merchantId":1,"sku":"t","units":1}""",
        "reserve:1.SH.a:1"
    )]
    public async Task ARequestBesideTheContractIsFound(string path, string body, string key)
    {
        var contract = await Contract.ReadAsync("inventory");
        await using var service = TestService.New().Answers(new Answer(200));
        using var http = new HttpClient();
        using var content = new StringContent(
            body,
            new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")
        );
        content.Headers.Add("Idempotency-Key", key);
        await http.PostAsync(new Uri(service.Address, path), content);
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() =>
            contract.OperationOfAsync(service.Requests.Single(), "/inventory")
        );
    }

    private static string PathOf(string port) => port == "payments" ? "/payments/v2" : $"/{port}";

    private static PortReply Reply<T>(BookPage<T> page) => new(page.Answer, page.Detail);

    private static PortAnswer MeaningOf(OpenApiOperation operation, string status) =>
        status switch
        {
            "200" or "201" or "204" => PortAnswer.Done,
            // Asked about an order, an unknown one holds nothing.
            "404" => PortAnswer.Done,
            "409" when Contract.CodesOf(operation, status).Any() => PortAnswer.Refused,
            _ => PortAnswer.Unavailable,
        };
}
