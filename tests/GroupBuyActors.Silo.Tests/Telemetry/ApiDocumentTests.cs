using System.Net;
using System.Net.Http.Headers;
using GroupBuyActors.Silo.Telemetry;
using GroupBuyActors.Silo.Tests.Auth;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace GroupBuyActors.Silo.Tests.Telemetry;

/// <summary>What costs much is not made anew for whoever asks.</summary>
public sealed class ApiDocumentTests(KeyedSilo silo) : IClassFixture<KeyedSilo>
{
    [Fact]
    public async Task ItIsBuiltOnceHoweverManyAskAtOnce()
    {
        var builds = new Builds();
        var document = new ApiDocument(builds);
        var asked = Enumerable.Range(0, 16).Select(_ => document.ReadAsync()).ToList();
        builds.Go.SetResult();
        await Task.WhenAll(asked);
        Assert.Same(await document.ReadAsync(), await asked[0]);
        Assert.Equal(1, builds.Count);
    }

    [Fact]
    public async Task ABuildThatFailedIsDoneAnew()
    {
        var builds = new Builds { Fails = true };
        var document = new ApiDocument(builds);
        builds.Go.SetResult();
        await Assert.ThrowsAsync<InvalidOperationException>(document.ReadAsync);
        builds.Fails = false;
        Assert.NotEmpty((await document.ReadAsync()).Json);
        Assert.Equal(2, builds.Count);
    }

    [Fact]
    public async Task WhoHasItIsNotSentItAgain()
    {
        using var first = await silo.Http.GetAsync("/openapi/v1.json", TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task AHostThatACallerNamesIsNotBelieved()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json");
        request.Headers.Host = "evil.example";
        using var answer = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("evil.example", text, StringComparison.Ordinal);
        Assert.Contains("\"servers\"", text, StringComparison.Ordinal);
    }

    /// <summary>
    /// Five megabytes of script, which its library unpacks anew for each caller that does not ask for it packed.
    /// </summary>
    [Fact]
    public async Task TheApiPagesScriptIsSentAsItLies()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/scalar/scalar.js");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        using var answer = await silo.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(["gzip"], answer.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task WhereAKeyIsNeededItSaysWhichHeaderTakesIt()
    {
        var document = (await silo.Api.GetAsync("/openapi/v1.json")).Json;
        var scheme = document.GetProperty("components").GetProperty("securitySchemes").GetProperty("apiKey");
        Assert.Equal("X-Api-Key", scheme.GetProperty("name").GetString());
        Assert.True(document.GetProperty("security")[0].TryGetProperty("apiKey", out _));
    }

    private sealed class Builds : IOpenApiDocumentProvider
    {
        public TaskCompletionSource Go { get; } = new();

        public bool Fails { get; set; }

        public int Count { get; private set; }

        public async Task<OpenApiDocument> GetOpenApiDocumentAsync(CancellationToken cancellationToken = default)
        {
            Count++;
            await Go.Task;
            return Fails
                ? throw new InvalidOperationException()
                : new OpenApiDocument
                {
                    Info = new OpenApiInfo { Title = "x", Version = "1" },
                    Paths = [],
                };
        }
    }
}
