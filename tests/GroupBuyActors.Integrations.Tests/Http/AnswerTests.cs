using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>What a service's answers mean to a port.</summary>
public sealed class AnswerTests
{
    [Theory]
    [InlineData(200, "")]
    [InlineData(200, "{}")]
    [InlineData(201, """{"anything":[1,2,3]}""")]
    [InlineData(204, "")]
    public async Task DoneIsWhatTheServiceSaysIsDone(int status, string body)
    {
        await using var service = TestService.New().Answers(new Answer(status, body));
        Assert.Equal(PortReply.Done, await service.ReserveAsync());
        Assert.Single(service.Requests);
    }

    [Theory]
    [InlineData(409)]
    [InlineData(422)]
    public async Task ARefusalInTheContractsWordsIsForGoodAndNotTriedAgain(int status)
    {
        await using var service = TestService
            .New()
            .Answers(Answer.Problem(status, "stock.insufficient", "7 units are available."));
        Assert.Equal(new PortReply(PortAnswer.Refused, "7 units are available."), await service.ReserveAsync());
        Assert.Single(service.Requests);
    }

    [Theory]
    [InlineData(409, """{"code":"request.in_progress"}""", "request.in_progress")]
    [InlineData(422, """{"code":"idempotency.mismatch","detail":"Another body."}""", "Another body.")]
    [InlineData(409, """{"code":"refund.refused"}""", "409")] // a refusal, but not of a reservation
    [InlineData(409, "", "409")]
    [InlineData(409, "<html>", "409")]
    [InlineData(409, """["stock.insufficient"]""", "409")]
    [InlineData(409, """{"code":7}""", "409")]
    [InlineData(400, """{"code":"stock.insufficient"}""", "400")]
    [InlineData(401, "", "401")]
    [InlineData(404, """{"code":"stock.insufficient"}""", "404")]
    [InlineData(202, "{}", "has not completed it")]
    public async Task WhateverElseIsSaidNothingIsKnownAndNothingIsRefused(int status, string body, string words)
    {
        await using var service = TestService.New().Answers(new Answer(status, body));
        var reply = await service.ReserveAsync();
        Assert.Equal(PortAnswer.Unavailable, reply.Answer);
        Assert.Contains(words, reply.Detail, StringComparison.Ordinal);
        Assert.Single(service.Requests);
    }

    [Theory]
    [InlineData("<html>Welcome</html>")]
    [InlineData("\"done\"")]
    [InlineData("{\"cut\":")]
    public async Task APageOfAProxyReservesNothing(string body)
    {
        await using var service = TestService.New().Answers(new Answer(200, body, "text/html"));
        Assert.Equal(PortAnswer.Unavailable, (await service.ReserveAsync()).Answer);
    }

    [Fact]
    public async Task ARedirectIsNotFollowed()
    {
        await using var elsewhere = TestService.New().Answers(new Answer(200));
        await using var service = TestService
            .New()
            .Answers(
                new Answer(307)
                {
                    Headers = new Dictionary<string, string>
                    {
                        ["Location"] = elsewhere.Address + "inventory/reservations",
                    },
                }
            );
        var reply = await service.ReserveAsync();
        Assert.Equal(PortAnswer.Unavailable, reply.Answer);
        Assert.Contains("redirects are not followed", reply.Detail, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task AnAnswerPastItsBoundIsNoneAndIsNotReadToItsEnd()
    {
        var huge = $$"""{"items":[],"next":"{{new string('x', 2_000)}}"}""";
        await using var service = TestService
            .New(options: o => o with { ResponseBytesMax = 1_024 })
            .Answers(new Answer(200, huge));
        var found = await service.QueryAsync();
        Assert.Equal((PortAnswer.Unavailable, "The answer is longer than 1024 bytes."), (found.Answer, found.Detail));
        Assert.Single(service.Requests);
    }

    [Fact]
    public async Task AnAnswerWithoutALengthIsBoundedToo()
    {
        await using var cutting = new CuttingService(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: "
                + $"close\r\n\r\n{{{new string(' ', 5_000)}}}"
        );
        await using var service = TestService.At(cutting.Address, o => o with { ResponseBytesMax = 1_024 });
        Assert.Equal("The answer is longer than 1024 bytes.", (await service.ReserveAsync()).Detail);
        Assert.Equal(1, cutting.Requests);
    }

    [Fact]
    public async Task WhatIsHeldIsTold()
    {
        await using var service = TestService
            .New()
            .Answers(
                new Answer(
                    200,
                    """
                    {"items":[{"paymentId":"支付-1","amount":1999,"currency":"CNY","since":"a newer service's member"}]}
                    """
                )
            );
        var found = await service.QueryAsync();
        Assert.Equal(PortAnswer.Done, found.Answer);
        Assert.Equal([new ProviderPayment("支付-1", new Money(1999, "CNY"))], found.Payments);
        Assert.Equal("10042.SH-PUDONG.tea-1123.1", service.Requests.Single().Query!["orderId"].Single());
    }

    [Theory]
    [InlineData("""{"items":[],"givenBack":["wx-1","支付-2"]}""", PortAnswer.Done, new[] { "wx-1", "支付-2" })]
    [InlineData("""{"items":[]}""", PortAnswer.Done, new string[0])]
    [InlineData("""{"items":[],"givenBack":[""]}""", PortAnswer.Unavailable, new string[0])]
    [InlineData("""{"items":[],"givenBack":[null]}""", PortAnswer.Unavailable, new string[0])]
    public async Task RefundedPaymentsAreRead(string body, PortAnswer answer, string[] back)
    {
        await using var service = TestService.New().Answers(new Answer(200, body));
        var found = await service.QueryAsync();
        Assert.Equal(answer, found.Answer);
        Assert.Equal(back, found.Refunded);
    }

    [Fact]
    public async Task AnOrderThatTheProviderNeverHeardOfHoldsNothing()
    {
        await using var service = TestService.New().Answers(Answer.Problem(404, "order.unknown"));
        var found = await service.QueryAsync();
        Assert.Equal(PortAnswer.Done, found.Answer);
        Assert.Empty(found.Payments);
    }

    /// <summary>An address with a slip in it must not look like a thousand orders that nobody paid.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("<html>Not Found</html>")]
    [InlineData("""{"title":"Not Found","status":404}""")]
    [InlineData("""{"code":"route.not_found"}""")]
    public async Task AWrongAddressDoesNotSayThatNobodyPaid(string body)
    {
        await using var service = TestService.New().Answers(new Answer(404, body));
        Assert.Equal(PortAnswer.Unavailable, (await service.QueryAsync()).Answer);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("<html>")]
    [InlineData("""{"items":null}""")]
    [InlineData("""{"items":{}}""")]
    [InlineData("""{"items":[null]}""")]
    [InlineData("""{"items":[{"paymentId":"p","amount":"1999","currency":"CNY"}]}""")]
    [InlineData("""{"items":[{"paymentId":"p","amount":19.99,"currency":"CNY"}]}""")]
    [InlineData("""{"items":[{"paymentId":"p","amount":99999999999999999999,"currency":"CNY"}]}""")]
    [InlineData("""{"items":[{"paymentId":"p","amount":100000000000000001,"currency":"CNY"}]}""")]
    [InlineData("""{"items":[{"paymentId":"p","amount":0,"currency":"CNY"}]}""")]
    [InlineData("""{"items":[{"paymentId":"p","amount":1,"currency":"yuan"}]}""")]
    [InlineData("""{"items":[{"paymentId":"","amount":1,"currency":"CNY"}]}""")]
    [InlineData("""{"items":[{"paymentId":null,"amount":1,"currency":"CNY"}]}""")]
    [InlineData("""{"items":[{"amount":1,"currency":"CNY"}]}""")]
    [InlineData("""{"items":[],"items":[{"paymentId":"p","amount":1,"currency":"CNY"}]}""")]
    [InlineData("""{"ITEMS":[]}""")]
    [InlineData("""{"items":[]} trailing""")]
    public async Task AWrongBodyIsNoAnswer(string body)
    {
        await using var service = TestService.New().Answers(new Answer(200, body));
        var found = await service.QueryAsync();
        Assert.Equal(PortAnswer.Unavailable, found.Answer);
        Assert.Empty(found.Payments);
        Assert.NotEmpty(found.Detail!);
    }

    [Fact]
    public async Task AServicesWordsAreCutAndOnOneLine()
    {
        await using var service = TestService
            .New()
            .Answers(Answer.Problem(409, "stock.insufficient", @"a\nb" + new string('c', 1_000)));
        var words = (await service.ReserveAsync()).Detail!;
        Assert.StartsWith("a bc", words, StringComparison.Ordinal);
        Assert.Equal(301, words.Length);
    }

    [Fact]
    public async Task BooksAreReadPageByPage()
    {
        await using var service = TestService
            .New()
            .Answers(
                new Answer(
                    200,
                    """{"items":[{"groupId":"7.SH.a","sku":"tea","reserved":3,"deducted":2}],"next":"m & more"}"""
                ),
                new Answer(200, """{"items":[{"groupId":"7.SH.b","sku":"tea","reserved":0,"deducted":0}]}""")
            );
        var first = await service.StockBooks.ReadAsync(7, null, 1, default);
        Assert.Equal((PortAnswer.Done, "m & more"), (first.Answer, first.Next));
        Assert.Equal([new StockBookEntry(GroupId.Parse("7.SH.a"), "tea", 3, 2)], first.Items);
        var last = await service.StockBooks.ReadAsync(7, first.Next, 1, default);
        Assert.Null(last.Next);
        Assert.Equal(["m & more"], service.Requests[1].Query!["after"]);
        Assert.Equal(["7"], service.Requests[1].Query!["merchantId"]);
        Assert.False(service.Requests[0].Query!.ContainsKey("after"));
    }

    [Theory]
    // Another merchant's.
    [InlineData("""{"items":[{"orderId":"8.SH.a.1","paymentId":"p","amount":1,"currency":"CNY","refunded":false}]}""")]
    [InlineData("""{"items":[{"orderId":"nonsense","paymentId":"p","amount":1,"currency":"CNY","refunded":false}]}""")]
    [InlineData("""{"items":[{"orderId":"7.SH.a.1","paymentId":"p","amount":1,"currency":"CNY","refunded":"no"}]}""")]
    [InlineData("""{"items":[{"orderId":"7.SH.a.1","paymentId":"p","amount":1,"currency":"CNY"}]}""")]
    // More than asked for.
    [InlineData(
        """
            {"items":[{"orderId":"7.SH.a.1","paymentId":"p","amount":1,"currency":"CNY","refunded":true},
                      {"orderId":"7.SH.a.1","paymentId":"q","amount":1,"currency":"CNY","refunded":true}]}
            """
    )]
    [InlineData("""{"items":[],"next":"here"}""")] // the same page for ever
    [InlineData("""{"items":[],"next":""}""")]
    public async Task APageThatCannotBeIsNoAnswer(string body)
    {
        await using var service = TestService.New().Answers(new Answer(200, body));
        var page = await service.PaymentBooks.ReadAsync(7, "here", 1, default);
        Assert.Equal((PortAnswer.Unavailable, 0, null), (page.Answer, page.Items.Count, page.Next));
    }

    [Fact]
    public async Task BooksThatAreNotThereAreNotEmpty()
    {
        await using var service = TestService.New().Answers(Answer.Problem(404, "order.unknown"));
        Assert.Equal(PortAnswer.Unavailable, (await service.PaymentBooks.ReadAsync(7, null, 10, default)).Answer);
    }

    /// <summary>Two keys stay two: what a header cannot carry, or would trim, is escaped.</summary>
    [Theory]
    [InlineData("refund:7.SH.a.1:p", "refund:7.SH.a.1:p")]
    [InlineData("refund:7.SH.a.1:p ", "refund:7.SH.a.1:p%20")]
    [InlineData("refund:7.SH.a.1:支付", "refund:7.SH.a.1:%E6%94%AF%E4%BB%98")]
    [InlineData("refund:7.SH.a.1:%20", "refund:7.SH.a.1:%2520")]
    [InlineData("refund:7.SH.a.1:\u00e9\r\nX-Evil: 1", "refund:7.SH.a.1:%C3%A9%0D%0AX-Evil:%201")]
    public async Task AKeyIsTheSameTextInEveryTry(string key, string header)
    {
        await using var service = TestService.New().Answers(new Answer(500), new Answer(200));
        Assert.Equal(
            PortAnswer.Done,
            (await service.Payments.RefundAsync(key, Samples.Order, "p", Samples.Price, default)).Answer
        );
        Assert.All(service.Requests, request => Assert.Equal([header], request.Headers![HttpPort.KeyHeader]));
        Assert.Equal(2, service.Requests.Count);
    }
}
