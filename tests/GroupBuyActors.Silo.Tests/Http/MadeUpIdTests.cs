using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>Whoever asks for what does not exist is answered, and leaves nothing in memory.</summary>
public sealed class MadeUpIdTests(TestSilo silo)
{
    private const int Many = 200;
    private readonly Api _api = silo.Api;

    public static TheoryData<string, string, int, string> Calls =>
        new()
        {
            { "GET", "/v1/groups/{0}", 404, "group.not_found" },
            { "DELETE", "/v1/groups/{0}", 404, "group.not_found" },
            { "POST", "/v1/groups/{0}/end-joining", 404, "group.not_found" },
            { "POST", "/v1/groups/{0}/orders", 404, "group.not_found" },
            { "GET", "/v1/groups/{0}/history", 404, "group.not_found" },
            { "GET", "/v1/groups/{0}/events", 404, "group.not_found" },
            { "POST", "/v1/admin/groups/{0}/settle", 404, "group.not_found" },
            { "GET", "/v1/orders/{0}.1", 404, "order.not_found" },
            { "DELETE", "/v1/orders/{0}.1", 404, "order.not_found" },
            { "POST", "/v1/orders/{0}.1/payments", 404, "order.not_found" },
            { "POST", "/v1/orders/{0}.1/refunds", 404, "order.not_found" },
            { "POST", "/v1/vouchers/{0}.1.yxh0wc01zrbcger95ypv4rgsh7/redemption", 404, "voucher.not_found" },
            { "DELETE", "/v1/vouchers/{0}.1.yxh0wc01zrbcger95ypv4rgsh7/redemption", 404, "voucher.not_found" },
            { "GET", "/v1/admin/tasks/groups:{0}:3:group-deadline:0", 404, "task.not_found" },
            { "GET", "/v1/groups/no-group-{0}", 400, "request.invalid" },
        };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task ACallAboutAGroupThatDoesNotExistIsAnsweredWithoutAnActivation(
        string method,
        string path,
        int status,
        string code
    )
    {
        var merchant = TestSilo.NewMerchant();
        await Parallel.ForAsync(
            0,
            Many,
            async (n, _) =>
            {
                var group = $"{merchant}.SH.made-up-{n}";
                var answer = await _api.SendAsync(
                    new HttpMethod(method),
                    string.Format(null, path, group),
                    BodyOf(path)
                );
                answer.Is((HttpStatusCode)status, code);
            }
        );
        Assert.Empty(await ActiveAsync(key => key.Contains($"{merchant}.SH", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AGroupPublishedAMomentAgoIsNeverHidden()
    {
        var group = TestSilo.NewGroup();
        for (var n = 0; n < 5; n++)
            (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.NotFound, "group.not_found");
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.OK);
        (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task AGroupAskedForWhileItIsPublishedIsThereOnceThePublicationIsAnswered()
    {
        for (var round = 0; round < 10; round++)
        {
            var group = TestSilo.NewGroup();
            using var published = new CancellationTokenSource();
            var asking = Enumerable.Range(0, 8).Select(_ => AskUntilAsync(group, published.Token)).ToArray();
            (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
            (await _api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.OK);
            await published.CancelAsync();
            await Task.WhenAll(asking);
        }
    }

    [Fact]
    public async Task AMadeUpIdempotencyKeyLeavesNoActivation()
    {
        var before = await ActiveIdempotencyAsync();
        await Parallel.ForAsync(
            0,
            Many,
            async (n, _) =>
                (await _api.PostAsync($"/v1/admin/tasks/9.SH.made-up:1:order-close:0/cancel", null, $"made-up-{n}")).Is(
                    HttpStatusCode.NotFound,
                    "task.not_found"
                )
        );
        await Api.Until(async () => await ActiveIdempotencyAsync() <= before + Many / 10);
    }

    [Fact]
    public async Task ARedriveThatWasNeverStartedLeavesNoActivation()
    {
        await Parallel.ForAsync(
            0,
            Many,
            async (n, _) =>
                (await _api.GetAsync($"/v1/admin/dead-letters/redrives/made-up-{n}")).Is(
                    HttpStatusCode.NotFound,
                    "redrive.not_found"
                )
        );
        await Api.Until(async () =>
            !(await ActiveAsync(key => key.Contains("made-up-", StringComparison.Ordinal))).Any()
        );
    }

    private static string? BodyOf(string path) =>
        path.Split('/')[^1] switch
        {
            "orders" => """{"userId":"lin"}""",
            "payments" => """{"paymentId":"p-1","amount":9900,"currency":"CNY"}""",
            _ => null,
        };

    private async Task AskUntilAsync(GroupId group, CancellationToken published)
    {
        while (!published.IsCancellationRequested)
        {
            var answer = await _api.GetAsync($"/v1/groups/{group}");
            Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.NotFound, answer.Text);
        }
    }

    private async Task<int> ActiveIdempotencyAsync() =>
        (await Management.GetDetailedGrainStatistics()).Count(grain =>
            grain.GrainType.Contains("Idempotency", StringComparison.Ordinal)
        );

    private async Task<IEnumerable<string>> ActiveAsync(Func<string, bool> about) =>
        (await Management.GetDetailedGrainStatistics()).Select(grain => grain.GrainId.ToString()).Where(about);

    private IManagementGrain Management =>
        silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
}
