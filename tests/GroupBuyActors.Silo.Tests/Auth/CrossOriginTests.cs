using System.Net;
using System.Text;

namespace GroupBuyActors.Silo.Tests.Auth;

/// <summary>A page that is not ours changes nothing through the browser of somebody who may.</summary>
public sealed class CrossOriginTests(TestSilo open, KeyedSilo keyed) : IClassFixture<KeyedSilo>
{
    /// <summary>
    /// What browsers send with a change: the site they say it is from, its origin, and whether it is taken. {own} is
    /// the silo's own.
    /// </summary>
    public static TheoryData<string?, string?, bool> Senders =>
        new()
        {
            { null, null, true },
            { "same-origin", "{own}", true },
            { "same-origin", null, true },
            { "none", null, true },
            { "cross-site", "http://evil.example", false },
            // Another port of this machine.
            { "same-site", "http://127.0.0.1:3000", false },
            { "same-site", null, false },
            // Browsers that do not say which site.
            { null, "{own}", true },
            { null, "{own-over-tls}", true },
            { null, "http://127.0.0.1:3000", false },
            { null, "http://127.0.0.1", false },
            { null, "https://evil.example", false },
            { null, "null", false },
            { null, "", false },
        };

    [Theory]
    [MemberData(nameof(Senders))]
    public async Task AChangeIsTakenFromOurOwnPagesOnly(string? site, string? origin, bool taken)
    {
        foreach (var silo in (TestSilo[])[open, keyed])
        {
            var group = TestSilo.NewGroup();
            var status = await PublishAsync(silo, group, site, origin, "application/json");
            Assert.Equal(taken ? HttpStatusCode.Created : HttpStatusCode.Forbidden, status);
            using var read = Request(silo, HttpMethod.Get, $"/v1/groups/{group}", site, origin);
            using var answer = await silo.Http.SendAsync(read, TestContext.Current.CancellationToken);
            Assert.Equal(taken ? HttpStatusCode.OK : HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("application/json; charset=UTF-8", true)]
    [InlineData("application/merge-patch+json", true)]
    [InlineData("application/json; charset=utf-16", false)]
    [InlineData("text/plain", false)]
    [InlineData("text/plain; x=application/json", false)]
    [InlineData("application/x-www-form-urlencoded", false)]
    [InlineData("multipart/form-data; boundary=x", false)]
    [InlineData("json", false)]
    public async Task ABodyIsJsonAndSaysSo(string type, bool taken)
    {
        var status = await PublishAsync(open, TestSilo.NewGroup(), null, null, type);
        Assert.Equal(taken ? HttpStatusCode.Created : HttpStatusCode.UnsupportedMediaType, status);
    }

    [Fact]
    public async Task AnotherOriginsPageSignsNobodyIn()
    {
        using var request = Request(keyed, HttpMethod.Post, "/session", "cross-site", "http://evil.example");
        using var answer = await keyed.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    private static async Task<HttpStatusCode> PublishAsync(
        TestSilo silo,
        GroupId group,
        string? site,
        string? origin,
        string type
    )
    {
        using var request = Request(silo, HttpMethod.Put, $"/v1/groups/{group}", site, origin);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Api.Offer()));
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var answer = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static HttpRequestMessage Request(
        TestSilo silo,
        HttpMethod method,
        string path,
        string? site,
        string? origin
    )
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Api-Key", "s-operator");
        if (site is not null)
            request.Headers.Add("Sec-Fetch-Site", site);
        var own = silo.Url.GetLeftPart(UriPartial.Authority);
        if (origin is not null)
            request.Headers.TryAddWithoutValidation(
                "Origin",
                origin
                    .Replace("{own}", own, StringComparison.Ordinal)
                    .Replace(
                        "{own-over-tls}",
                        own.Replace("http:", "https:", StringComparison.Ordinal),
                        StringComparison.Ordinal
                    )
            );
        return request;
    }
}
