using System.Net;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>Malformed input is answered 400, and the answer names every faulty field at once.</summary>
public sealed class StrictInputTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    public static TheoryData<string, string> MalformedTermss =>
        new()
        {
            { "", "$" },
            { "   ", "$" },
            { "[]", "$" },
            { "\"tea\"", "$" },
            { "null", "$" },
            { "{", "$" },
            { "{}{}", "$" },
            { Api.Offer() + "x", "$" },
            { Api.Offer() + ",", "$" },
            { """{"title":"a","title":"b"}""", "$" },
            { """{"title":"a",}""", "$" },
            { """{/* why */"title":"a"}""", "$" },
            { "{}", "sku title unitPrice" },
            { """{"title":null,"sku":null,"unitPrice":null}""", "sku title unitPrice" },
            { """{"title":1,"sku":true,"unitPrice":"9900"}""", "sku title unitPrice" },
            { """{"title":"","sku":"","unitPrice":{}}""", "sku title unitPrice.amount unitPrice.currency" },
            { """{"title":"\ud800","sku":"s","unitPrice":{"amount":1,"currency":"CNY"}}""", "title" },
            { """{"title":"t","sku":"a\u0000b","unitPrice":{"amount":1,"currency":"CNY"}}""", "sku" },
            {
                """{"title":"t","sku":"s","unitPrice":{"amount":0,"currency":"cny"}}""",
                "unitPrice.amount unitPrice.currency"
            },
            { """{"title":"t","sku":"s","unitPrice":{"amount":1.5,"currency":"CNY"}}""", "unitPrice.amount" },
            { """{"title":"t","sku":"s","unitPrice":{"amount":1e400,"currency":"CNY"}}""", "unitPrice.amount" },
            {
                """{"title":"t","sku":"s","unitPrice":{"amount":9223372036854775808,"currency":"CNY"}}""",
                "unitPrice.amount"
            },
            { Api.Offer(0), "minGroupSize" },
            { Api.Offer(2, ",\"capacity\":1"), "capacity" },
            { Api.Offer(2, ",\"capacity\":100001"), "capacity" },
            { Api.Offer(2, ",\"capacity\":2147483648"), "capacity" },
            { Api.Offer(2, ",\"capacity\":\"3\""), "capacity" },
            { Api.Offer(2, ",\"perUserLimit\":3"), "perUserLimit" },
            { Api.Offer(2, ",\"timeout\":3600"), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"1h\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"P1M\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"-PT1H\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"PT0S\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"P99999999999D\""), "timeout" },
            { Api.Offer(2, ",\"openDelay\":\"P2D\""), "openDelay" },
            { Api.Offer(2, ",\"paymentWindow\":[]"), "paymentWindow" },
            { Api.Offer(2, ",\"voucherValidity\":{}"), "voucherValidity" },
            { Api.Offer(2, ",\"revokeWindow\":\"\""), "revokeWindow" },
            { Api.Offer(2, ",\"shelfAt\":\"yesterday\""), "shelfAt" },
            { Api.Offer(2, ",\"shelfAt\":\"2999-01-01T00:00:00\""), "shelfAt" },
            { Api.Offer(2, ",\"shelfAt\":\"2999-02-30T00:00:00Z\""), "shelfAt" },
            { Api.Offer(2, ",\"shelfAt\":\"2001-01-01T00:00:00Z\""), "shelfAt" },
            { Api.Offer(2, ",\"lapsePolicy\":\"Refund\""), "lapsePolicy" },
            { Api.Offer(2, ",\"lapsePolicy\":0"), "lapsePolicy" },
            { Api.Offer(2, ",\"countBy\":\"everyone\""), "countBy" },
            { Api.Offer(2, ",\"timeout\":\"W\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"PW\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"P1.5W\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"P-1W\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"P9999999999W\""), "timeout" },
            { Api.Offer(2, ",\"timeout\":\"PT1H \""), "timeout" },
            { Api.Offer().Replace("龙井 tea", "   "), "title" },
            { Api.Offer().Replace("龙井 tea", "\\u2003\\u200B"), "title" },
            { Api.Offer().Replace("龙井 tea", "tea\\u0007"), "title" },
            { Api.Offer().Replace("龙井 tea", "tea\\ncoffee"), "title" },
            { Api.Offer().Replace("CNY", "XXX"), "unitPrice.currency" },
            { Api.Offer().Replace("CNY", "ABC"), "unitPrice.currency" },
            { Api.Offer().Replace("CNY", "DEM"), "unitPrice.currency" },
            {
                """
                    {"title":7,"sku":"","unitPrice":{"amount":-1,"currency":"X"},"minGroupSize":"3","capacity":0,
                     "timeout":"soon","countBy":"?","lapsePolicy":null}
                    """,
                "capacity countBy minGroupSize sku timeout title unitPrice.amount unitPrice.currency"
            },
        };

    [Theory]
    [MemberData(nameof(MalformedTermss))]
    public async Task AMalformedTermsNamesEveryFaultyField(string body, string fields)
    {
        var group = TestSilo.NewGroup();
        var answer = (await _api.PutAsync($"/v1/groups/{group}", body)).Is(
            HttpStatusCode.BadRequest,
            "request.invalid"
        );
        Assert.Equal(fields, string.Join(' ', answer.FaultyFields));
        (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.NotFound, "group.not_found");
    }

    [Theory]
    [InlineData("", "$")]
    [InlineData("[]", "$")]
    [InlineData("{}", "userId")]
    [InlineData("""{"userId":""}""", "userId")]
    [InlineData("""{"userId":7,"quantity":0}""", "quantity userId")]
    [InlineData("""{"userId":"a\u0007"}""", "userId")]
    [InlineData("""{"userId":"."}""", "userId")]
    [InlineData("""{"userId":".."}""", "userId")]
    [InlineData("""{"userId":"a\u200Db"}""", "userId")]
    [InlineData("""{"userId":"lin","quantity":0}""", "quantity")]
    [InlineData("""{"userId":"lin","quantity":-1}""", "quantity")]
    [InlineData("""{"userId":"lin","quantity":1.5}""", "quantity")]
    [InlineData("""{"userId":"lin","quantity":"1"}""", "quantity")]
    [InlineData("""{"userId":"lin","quantity":4294967297}""", "quantity")]
    [InlineData("""{"userId":"lin","quantity":3}""", "quantity")]
    public async Task AMalformedJoinNamesEveryFaultyField(string body, string fields)
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var answer = (await _api.PostAsync($"/v1/groups/{group}/orders", body)).Is(
            HttpStatusCode.BadRequest,
            "request.invalid"
        );
        Assert.Equal(fields, string.Join(' ', answer.FaultyFields));
    }

    [Fact]
    public async Task AUserIdHasAtMost128Characters()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        (await _api.JoinAsync(group, new string('x', 129))).Is(HttpStatusCode.BadRequest, "request.invalid");
        (await _api.JoinAsync(group, new string('林', 128))).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task AnEmojiOfSeveralIsAUserLikeAnyOther()
    {
        var group = TestSilo.NewGroup();
        var user = $"👩🏽‍🚀👩‍❤️‍👨-{group.MerchantId}";
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        Assert.Equal(user, (await _api.JoinAsync(group, user)).Is(HttpStatusCode.Created)["userId"]);
        await Api.Until(async () =>
            (await _api.GetAsync($"/v1/users/{Uri.EscapeDataString(user)}/orders"))
                .Is(HttpStatusCode.OK)
                .Json.GetProperty("items")
                .GetArrayLength() == 1
        );
    }

    [Fact]
    public async Task ADurationMayBeInWeeks()
    {
        var group = TestSilo.NewGroup();
        Assert.Equal(
            "P14D",
            (await _api.PublishAsync(group, more: ",\"timeout\":\"P2W\"")).Is(HttpStatusCode.Created)["timeout"]
        );
    }

    [Theory]
    [InlineData("{}", "amount currency paymentId")]
    [InlineData("""{"paymentId":"","amount":0,"currency":"XTS"}""", "amount currency paymentId")]
    [InlineData("""{"paymentId":1,"amount":"9900","currency":null}""", "amount currency paymentId")]
    [InlineData("""{"paymentId":"p","amount":100000000000000001,"currency":"CNY"}""", "amount")]
    [InlineData("""{"paymentId":"p","amount":9223372036854775807,"currency":"CNY"}""", "amount")]
    [InlineData("""{"paymentId":"p","amount":9223372036854775808,"currency":"CNY"}""", "amount")]
    public async Task AMalformedPaymentNamesEveryFaultyField(string body, string fields)
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var order = (await _api.JoinAsync(group, "lin"))["orderId"];
        Assert.Equal(
            fields,
            string.Join(
                ' ',
                (await _api.PostAsync($"/v1/orders/{order}/payments", body))
                    .Is(HttpStatusCode.BadRequest, "request.invalid")
                    .FaultyFields
            )
        );
        Assert.Equal(
            fields,
            string.Join(
                ' ',
                (await _api.PostAsync($"/v1/sandbox/payments/{order}", body))
                    .Is(HttpStatusCode.BadRequest, "request.invalid")
                    .FaultyFields
            )
        );
    }

    [Theory]
    [InlineData("/v1/groups?limit=0", "limit")]
    [InlineData("/v1/groups?limit=501", "limit")]
    [InlineData("/v1/groups?limit=ten", "limit")]
    [InlineData("/v1/groups?limit=1&limit=2", "limit")]
    [InlineData("/v1/groups?after=nonsense", "after")]
    [InlineData("/v1/groups?merchantId=-1&region=sh&state=success&limit=x", "limit merchantId region state")]
    [InlineData("/v1/groups?state=NONE", "state")]
    [InlineData("/v1/users/lin/orders?after=nonsense", "after")]
    [InlineData("/v1/users/lin/orders?limit=-1", "limit")]
    [InlineData("/v1/users/l%07n/orders", "userId")]
    [InlineData("/v1/admin/tasks?type=tea&status=tired&shard=7&groupId=x&limit=0", "groupId limit shard status type")]
    [InlineData("/v1/admin/audit?after=nonsense", "after")]
    [InlineData("/v1/admin/reconciliation", "merchantId")]
    [InlineData("/v1/admin/reconciliation?merchantId=0", "merchantId")]
    [InlineData("/v1/sandbox/inventory/0/tea", "merchantId")]
    [InlineData("/v1/orders/10042.SH.tea", "orderId")]
    [InlineData("/v1/orders/10042.SH.tea.0", "orderId")]
    public async Task FaultyParametersAreNamedTogether(string path, string fields) =>
        Assert.Equal(
            fields,
            string.Join(' ', (await _api.GetAsync(path)).Is(HttpStatusCode.BadRequest, "request.invalid").FaultyFields)
        );

    [Fact]
    public async Task ABodyOverOneMegabyteIsTooLarge()
    {
        var group = TestSilo.NewGroup();
        (await _api.PutAsync($"/v1/groups/{group}", Api.Offer() + new string(' ', 1024 * 1024))).Is(
            HttpStatusCode.RequestEntityTooLarge,
            "request.too_large"
        );
        var large = Api.Offer();
        (
            await _api.PutAsync(
                $"/v1/groups/{group}",
                large + new string(' ', 1024 * 1024 - System.Text.Encoding.UTF8.GetByteCount(large))
            )
        ).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task AProblemHasTheShapeOfRfc9457()
    {
        var answer = await _api.GetAsync($"/v1/groups/{TestSilo.NewGroup()}");
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal("urn:groupbuy:problem:group.not_found", answer["type"]);
        Assert.Equal(404, answer.Json.GetProperty("status").GetInt32());
        foreach (var name in (string[])["title", "detail", "code", "traceId"])
            Assert.NotEmpty(answer[name]);
    }

    [Fact]
    public async Task UnknownRoutesAndWrongMethodsAreProblemsToo()
    {
        (await _api.GetAsync("/v1/nothing")).Is(HttpStatusCode.NotFound, "route.not_found");
        (await _api.GetAsync("/nothing")).Is(HttpStatusCode.NotFound, "route.not_found");
        var answer = (await _api.PutAsync("/v1/groups", "{}")).Is(
            HttpStatusCode.MethodNotAllowed,
            "route.method_not_allowed"
        );
        Assert.Equal("application/problem+json", answer.ContentType);
    }
}
