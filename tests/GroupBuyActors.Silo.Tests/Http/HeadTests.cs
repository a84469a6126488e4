using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>HEAD answers wherever GET does, with the same status and headers and without a body.</summary>
public sealed class HeadTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Theory]
    [InlineData("/")]
    [InlineData("/v1/groups")]
    [InlineData("/v1/groups/{group}")]
    [InlineData("/v1/groups/1.SH.nobody")]
    [InlineData("/v1/groups/malformed")]
    [InlineData("/v1/groups/{group}/history")]
    [InlineData("/v1/groups/{group}/events")]
    [InlineData("/v1/users/lin/orders")]
    [InlineData("/v1/admin/tasks")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/metrics")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/nothing")]
    public async Task HeadAnswersAsGetDoes(string path)
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        path = path.Replace("{group}", group.Value, StringComparison.Ordinal);
        using var get = await SendAsync(HttpMethod.Get, path);
        using var head = await SendAsync(HttpMethod.Head, path);
        Assert.Equal(
            (get.StatusCode, get.Content.Headers.ContentType),
            (head.StatusCode, head.Content.Headers.ContentType)
        );
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    // A client library drops a body that does not belong; the wire tells.
    [Theory]
    [InlineData("/v1/groups/1.SH.nobody")]
    [InlineData("/v1/groups")]
    public async Task NothingFollowsTheHeadersOnTheWire(string path)
    {
        using var socket = new TcpClient(silo.Url.Host, silo.Url.Port);
        await socket
            .GetStream()
            .WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"HEAD {path} HTTP/1.1\r\nHost: {silo.Url.Authority}\r\nConnection: close\r\n\r\n"
                ),
                TestContext.Current.CancellationToken
            );
        using var reader = new StreamReader(socket.GetStream());
        Assert.EndsWith(
            "\r\n\r\n",
            await reader.ReadToEndAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task HeadChangesNothingAndIsNamedWhereGetIs()
    {
        using var head = await SendAsync(HttpMethod.Head, $"/v1/groups/{TestSilo.NewGroup()}/orders");
        Assert.Equal(
            (HttpStatusCode.MethodNotAllowed, "POST"),
            (head.StatusCode, string.Join(", ", head.Content.Headers.Allow))
        );
        using var put = await SendAsync(HttpMethod.Put, "/v1/groups");
        Assert.Equal("GET, HEAD", string.Join(", ", put.Content.Headers.Allow));
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path) =>
        silo.Http.SendAsync(
            new HttpRequestMessage(method, path),
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
}
