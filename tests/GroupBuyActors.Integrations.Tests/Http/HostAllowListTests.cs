using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>Nothing is called but what may be called, however its address is written.</summary>
public sealed class HostAllowListTests
{
    [Theory]
    [InlineData("pay.example.com", "https://pay.example.com/x?y", true)]
    [InlineData("pay.example.com", "http://PAY.Example.COM:8443/", true)]
    [InlineData("pay.example.com", "http://pay.example.com./", true)]
    [InlineData("Pay.Example.com.", "http://pay.example.com/", true)]
    [InlineData("pay.example.com", "http://a.pay.example.com/", false)]
    [InlineData("pay.example.com", "http://xpay.example.com/", false)]
    [InlineData("pay.example.com", "http://pay.example.com.evil.net/", false)]
    [InlineData("pay.example.com", "http://pay.example.com@evil.net/", false)]
    [InlineData("pay.example.com", "http://evil.net/pay.example.com", false)]
    [InlineData("pay.example.com", "http://evil.net\\@pay.example.com/", false)]
    [InlineData("pay.example.com", "ftp://pay.example.com/", false)]
    [InlineData("pay.example.com", "file://pay.example.com/etc/passwd", false)]
    [InlineData("*.example.com", "http://a.example.com/", true)]
    [InlineData("*.example.com", "http://a.b.example.com/", true)]
    [InlineData("*.example.com", "http://example.com/", false)]
    [InlineData("*.example.com", "http://notexample.com/", false)]
    [InlineData("*.example.com", "http://.example.com/", false)]
    [InlineData("*.example.com:8443", "https://a.example.com:8443/", true)]
    [InlineData("*.example.com:8443", "https://a.example.com/", false)]
    [InlineData("pay.example.com:443", "https://pay.example.com/", true)]
    [InlineData("pay.example.com:443", "http://pay.example.com/", false)]
    [InlineData("pay.example.com:80", "http://pay.example.com/", true)]
    [InlineData("10.0.0.7", "http://10.0.0.7:9/", true)]
    [InlineData("10.0.0.7", "http://167772167/", true)] // the same address, written as one number
    [InlineData("10.0.0.7", "http://2130706433/", false)] // 127.0.0.1
    [InlineData("10.0.0.7", "http://0x7f000001/", false)]
    [InlineData("[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/", true)]
    [InlineData("[::1]:8080", "http://[::1]/", false)]
    [InlineData("[::1]", "http://127.0.0.1/", false)]
    [InlineData("bücher.example", "http://xn--bcher-kva.example/", true)]
    [InlineData("stock", "http://stock:8080/v1", true)]
    public void AnAddressIsAllowedOrNot(string entry, string address, bool allowed) =>
        Assert.Equal(
            allowed,
            HostAllowList.Of(entry).Allows(Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri : null)
        );

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("*.*.com")]
    [InlineData("a*.com")]
    [InlineData("http://pay.example.com")]
    [InlineData("pay.example.com/x")]
    [InlineData("user@pay.example.com")]
    [InlineData("pay.example.com:0")]
    [InlineData("pay.example.com:99999")]
    [InlineData("pay.example.com:x")]
    [InlineData("pay example")]
    [InlineData("*.10.0.0.1")]
    [InlineData("[::1")]
    public void SomeTextsAreNoEntries(string text)
    {
        Assert.False(HostAllowList.IsEntry(text));
        Assert.Throws<FormatException>(() => HostAllowList.Of(text));
    }

    [Fact]
    public void AnEmptyListAllowsNothingAndListsReadAsWritten()
    {
        Assert.False(HostAllowList.Of().Allows(new Uri("http://pay.example.com/")));
        Assert.Equal("none", HostAllowList.Of().ToString());
        Assert.Equal(
            "a.example:81, *.b.example, [::1]:82",
            HostAllowList.Of("A.example:81", "*.b.example", "[::1]:82").ToString()
        );
        Assert.Equal(
            "a.example:443, b.example:80",
            HostAllowList.OfAddresses([new Uri("https://a.example/x"), new Uri("http://b.example")]).ToString()
        );
    }

    [Fact]
    public async Task ACallBeyondTheListDoesNotLeave()
    {
        await using var service = TestService
            .New(ports: p => p with { AllowedHosts = HostAllowList.Of("pay.example.com") })
            .Answers(new Answer(200));
        var reply = await service.ReserveAsync();
        Assert.Equal(
            new PortReply(PortAnswer.Unavailable, $"Calls to http://127.0.0.1:{service.Address.Port} are not allowed."),
            reply
        );
        Assert.Empty(service.Requests);
    }

    /// <summary>Whatever address a client is given: a callback's may come from anywhere.</summary>
    [Fact]
    public async Task AnAbsoluteAddressGivenToAClientIsHeldToTheListToo()
    {
        await using var service = TestService.New().Answers(new Answer(200));
        using var http = new HttpClient(
            new AllowedHostsHandler(HostAllowList.Of($"127.0.0.1:{service.Address.Port}"))
            {
                InnerHandler = new SocketsHttpHandler { AllowAutoRedirect = false },
            }
        );
        http.BaseAddress = service.Address;
        Assert.True((await http.GetAsync("/here")).IsSuccessStatusCode);
        var fault = await Assert.ThrowsAsync<HostNotAllowedException>(() =>
            http.GetAsync($"http://localhost:{service.Address.Port}/there?token=secret")
        );
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
        Assert.Single(service.Requests);
    }
}
