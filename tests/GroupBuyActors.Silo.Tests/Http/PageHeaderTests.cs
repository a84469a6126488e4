namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>What a browser is told about every answer.</summary>
public sealed class PageHeaderTests(TestSilo silo)
{
    [Theory]
    [InlineData("/", "no-cache")]
    [InlineData("/start.js", "no-cache")]
    [InlineData("/scalar/", "no-store")]
    [InlineData("/scalar/scalar.js", "no-cache")]
    [InlineData("/dashboard/", "no-store, no-cache")]
    [InlineData("/openapi/v1.json", "no-cache")]
    [InlineData("/metrics", "no-store")]
    [InlineData("/health/ready", "no-store")]
    [InlineData("/session", "no-store")]
    [InlineData("/v1/groups", "no-store")]
    [InlineData("/v1/groups/x", "no-store")]
    [InlineData("/v1/admin/cluster", "no-store")]
    [InlineData("/nothing", "no-store")]
    public async Task EveryAnswerSaysWhatABrowserMayDoWithIt(string path, string kept)
    {
        using var answer = await silo.Http.GetAsync(
            path,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(kept, string.Join(", ", answer.Headers.GetValues("Cache-Control")));
        Assert.Equal("nosniff", One(answer, "X-Content-Type-Options"));
        Assert.Equal("no-referrer", One(answer, "Referrer-Policy"));
        Assert.Equal("same-origin", One(answer, "Cross-Origin-Resource-Policy"));
        var policy = One(answer, "Content-Security-Policy");
        Assert.StartsWith("default-src '", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("{nonce}", policy, StringComparison.Ordinal);
        var code =
            policy.Split("; ").FirstOrDefault(directive => directive.StartsWith("script-src", StringComparison.Ordinal))
            ?? "";
        Assert.DoesNotContain("unsafe", code, StringComparison.Ordinal);
        Assert.DoesNotContain(":", code, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheApiPagesOwnScriptCarriesTheNonceOfItsAnswerAndNoOther()
    {
        var nonces = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            using var answer = await silo.Http.GetAsync("/scalar/", TestContext.Current.CancellationToken);
            var nonce = One(answer, "Content-Security-Policy").Split("'nonce-")[1].Split('\'')[0];
            var page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal(page.Split("<script").Length - 1, page.Split($"nonce=\"{nonce}\"").Length - 1);
            Assert.True(nonces.Add(nonce));
        }
    }

    private static string One(HttpResponseMessage answer, string header) =>
        Assert.Single(answer.Headers.GetValues(header));
}
