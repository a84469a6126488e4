using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using GroupBuyActors.Groups;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Silo.Tests.Vouchers;

/// <summary>A voucher's secret is in no log line, whatever is logged and however a call fails.</summary>
public sealed class VoucherSecretTests(TestSilo silo) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-secret-").FullName;

    [Fact]
    public async Task NoLogLineHasTheSecretAtAnyLevel()
    {
        await using var process = await SiloProcess.StartAsync(
            SiloSettings.Draw("one", _directory) with
            {
                Environment = new Dictionary<string, string?>
                {
                    ["GroupBuy__Logging__Format"] = "Json",
                    ["Logging__LogLevel__Default"] = "Debug",
                    ["Logging__LogLevel__Microsoft"] = "Trace",
                    ["Logging__LogLevel__System"] = "Debug",
                    ["Logging__LogLevel__Orleans"] = "Debug",
                },
            }
        );
        using var http = new HttpClient { BaseAddress = process.Address };
        var api = new Api(http);
        var voucher = (await api.FulfilAsync(GroupId.Parse("7.SH.tea")))[0]["voucherCode"];
        var secret = voucher[(voucher.LastIndexOf('.') + 1)..];
        (await api.PostAsync($"/v1/vouchers/{voucher}/redemption", """{"a":"\ud83d"}""", "k1")).Is(
            HttpStatusCode.BadRequest,
            "request.invalid"
        );
        (await api.PostAsync($"/v1/vouchers/{voucher}/redemption", key: "k1")).Is(HttpStatusCode.OK);
        (await api.PostAsync($"/v1/vouchers/{voucher}x/redemption")).Is(HttpStatusCode.NotFound, "voucher.not_found");
        (await api.PostAsync($"/v1/vouchers/{voucher}%20/redemption")).Is(HttpStatusCode.NotFound, "voucher.not_found");
        (await api.PostAsync($"/v1/vouchers/{voucher}%ff/redemption")).Is(HttpStatusCode.NotFound, "route.not_found");
        (await api.GetAsync($"/v1/vouchers/{voucher}")).Is(HttpStatusCode.NotFound, "route.not_found");
        (await api.GetAsync($"/v1/orders/{voucher}")).Is(HttpStatusCode.BadRequest, "request.invalid");
        (await api.DeleteAsync($"/v1/vouchers/{voucher}/redemption")).Is(HttpStatusCode.OK);
        Assert.NotNull(await process.StopAsync(TimeSpan.FromSeconds(30)));
        var lines = await File.ReadAllLinesAsync(
            Path.Combine(_directory, "one.log"),
            TestContext.Current.CancellationToken
        );
        Assert.Contains(
            lines,
            line => line.Contains($"/v1/vouchers/7.SH.tea.1.*{secret[^4..]}/redemption", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(lines, line => line.Contains(secret[..^4], StringComparison.Ordinal));
    }

    [Fact]
    public async Task NoTraceAndNoMetricHasTheSecret()
    {
        var seen = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
                seen.Enqueue(
                    $"{activity.DisplayName} {string.Join(' ', activity.TagObjects)} "
                        + $"{string.Join(' ', activity.Events.SelectMany(one => one.Tags))}"
                ),
        };
        ActivitySource.AddActivityListener(listener);
        var voucher = (await silo.Api.FulfilAsync(TestSilo.NewGroup()))[0]["voucherCode"];
        var secret = voucher[(voucher.LastIndexOf('.') + 1)..^4];
        (await silo.Api.PostAsync($"/v1/vouchers/{voucher}/redemption", key: "k1")).Is(HttpStatusCode.OK);
        (await silo.Api.PostAsync($"/v1/vouchers/{voucher}/redemption", "{")).Is(
            HttpStatusCode.BadRequest,
            "request.invalid"
        );
        (await silo.Api.DeleteAsync($"/v1/vouchers/{voucher}/redemption")).Is(HttpStatusCode.OK);
        // What the test's own HTTP client says of itself names what it was told to call.
        var ours = seen.Where(trace => !trace.Contains("url.full", StringComparison.Ordinal)).ToList();
        Assert.Contains(ours, trace => trace.Contains("Redeem", StringComparison.Ordinal));
        Assert.DoesNotContain(ours, trace => trace.Contains(secret, StringComparison.Ordinal));
        Assert.DoesNotContain(secret, (await silo.Api.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void ACodeAsTextAndInDocumentsOfCallsLeavesTheSecretOut()
    {
        var code = VoucherCode.Parse("7.SH.tea.1.k3v9x0q2m7w5t1r8z4y6b0n2c5");
        Assert.Equal("7.SH.tea.1.*n2c5", $"{code}");
        Assert.DoesNotContain("k3v9", new GroupCommand.Redeem(code, null).ToString(), StringComparison.Ordinal);
        Assert.Equal(code, VoucherCode.Parse(code.Value));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
