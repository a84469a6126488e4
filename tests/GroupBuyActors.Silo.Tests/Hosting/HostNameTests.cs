using System.Net;
using System.Security.Cryptography;

namespace GroupBuyActors.Silo.Tests.Hosting;

/// <summary>A silo with keys that is told its names.</summary>
public sealed class NamedSilo : TestSilo
{
    public NamedSilo()
        : base([
            "--GroupBuy:Auth:Mode",
            "ApiKey",
            "--GroupBuy:Auth:Keys:ops",
            $"operator:{Convert.ToHexStringLower(SHA256.HashData("s"u8))}",
            "--AllowedHosts",
            "shop.example;*.shop.example",
        ]) { }
}

/// <summary>By which names a silo may be asked.</summary>
public sealed class HostNameTests(NamedSilo silo) : IClassFixture<NamedSilo>
{
    [Theory]
    [InlineData("shop.example", HttpStatusCode.OK)]
    [InlineData("shop.example:8443", HttpStatusCode.OK)]
    [InlineData("eu.shop.example", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:8080", HttpStatusCode.OK)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.BadRequest)]
    [InlineData("shop.example.evil", HttpStatusCode.BadRequest)]
    [InlineData("192.0.2.1", HttpStatusCode.BadRequest)]
    public async Task ItsOwnNamesAndLoopbacksAreTaken(string host, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/ready");
        request.Headers.Host = host;
        using var answer = await silo.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
    }
}
