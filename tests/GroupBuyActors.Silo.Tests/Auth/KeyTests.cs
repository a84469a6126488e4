using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace GroupBuyActors.Silo.Tests.Auth;

/// <summary>
/// What somebody without a key, or with a wrong one, is told; and how a browser brings one where it can add no header.
/// </summary>
public sealed class KeyTests(KeyedSilo silo) : IClassFixture<KeyedSilo>
{
    [Theory]
    [InlineData("/v1/admin/cluster", false)]
    [InlineData("/dashboard/", true)]
    public async Task WhoIsNotKnownIsToldHowToSayWhoItIs(string path, bool browsers)
    {
        using var answer = await silo.Http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var schemes = string.Join(
            ", ",
            answer.Headers.WwwAuthenticate.Select(challenge => $"{challenge.Scheme} {challenge.Parameter}")
        );
        Assert.Contains("ApiKey realm=\"GroupBuyActors\"", schemes, StringComparison.Ordinal);
        Assert.Contains("Bearer realm=\"GroupBuyActors\"", schemes, StringComparison.Ordinal);
        // Elsewhere a browser would ask its user in the middle of a page.
        Assert.Equal(browsers, schemes.Contains("Basic", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/dashboard/", "me:s-operator", HttpStatusCode.OK)]
    [InlineData("/dashboard/version", ":s-operator", HttpStatusCode.OK)]
    [InlineData("/dashboard/", "s-operator:x", HttpStatusCode.Unauthorized)]
    [InlineData("/dashboard/", "me:s-lin", HttpStatusCode.Forbidden)]
    [InlineData("/v1/admin/cluster", "me:s-operator", HttpStatusCode.Unauthorized)]
    public async Task APasswordOpensTheDashboardAndNothingElse(string path, string password, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes(password))
        );
        using var answer = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task SigningInHasTheBrowserKeepTheKeyForTheDashboardAlone()
    {
        var cookie = Assert.Single(await SignAsync(HttpMethod.Post, "s-operator"));
        var parts = cookie.Split("; ");
        Assert.Equal("groupbuy-key=s-operator", parts[0]);
        Assert.Equal(["httponly", "path=/dashboard", "samesite=strict"], parts[1..].Order(StringComparer.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await WithCookieAsync("/dashboard/version", parts[0]));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithCookieAsync("/v1/admin/cluster", parts[0]));
        Assert.StartsWith(
            "groupbuy-key=; expires=Thu, 01 Jan 1970",
            Assert.Single(await SignAsync(HttpMethod.Delete, "s-operator")),
            StringComparison.Ordinal
        );
        Assert.Empty(await SignAsync(HttpMethod.Post, "guess"));
    }

    [Theory]
    [InlineData(null, """{"mode":"apiKey"}""")]
    [InlineData("guess", """{"mode":"apiKey"}""")]
    [InlineData("s-operator", """{"mode":"apiKey","caller":{"name":"ops","role":"operator"}}""")]
    [InlineData("s-wang", """{"mode":"apiKey","caller":{"name":"app-wang","role":"buyer"}}""")]
    public async Task AnybodyMayAskWhoItIs(string? secret, string told) =>
        Assert.Equal(
            told,
            (await new Api(silo.Http) { Secret = secret }.GetAsync("/session")).Is(HttpStatusCode.OK).Text
        );

    private async Task<string[]> SignAsync(HttpMethod method, string secret)
    {
        using var request = new HttpRequestMessage(method, "/session");
        request.Headers.Add("X-Api-Key", secret);
        using var answer = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode);
        return answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? [.. cookies] : [];
    }

    private async Task<HttpStatusCode> WithCookieAsync(string path, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Cookie", cookie);
        using var answer = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}

/// <summary>The same, with a silo of its own: the limit is kept by address, and all tests have the same.</summary>
public sealed class KeyLimitTests(KeyedSilo silo) : IClassFixture<KeyedSilo>
{
    [Fact]
    public async Task ThreeThousandGuessesAreMostlyRefusedUnreadAndAKnownKeyGoesOnWorking()
    {
        (await silo.As("s-merchant").GetAsync("/v1/groups")).Is(HttpStatusCode.OK);
        var statuses = new Dictionary<HttpStatusCode, int>();
        for (var i = 0; i < 3_000; i++)
        {
            var status = (await silo.As($"guess-{i}").GetAsync("/v1/admin/cluster")).Status;
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
        }

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests], statuses.Keys.Order());
        Assert.InRange(statuses[HttpStatusCode.Unauthorized], 200, 400);
        (await silo.As("s-operator").GetAsync("/v1/admin/cluster")).Is(HttpStatusCode.TooManyRequests, "rate.limited");
        (await silo.As("guess").GetAsync("/session")).Is(HttpStatusCode.TooManyRequests, "rate.limited");
        (await silo.As("s-merchant").GetAsync("/v1/groups")).Is(HttpStatusCode.OK);
        (await silo.Api.GetAsync("/v1/groups")).Is(HttpStatusCode.Unauthorized, "auth.required");
    }
}
