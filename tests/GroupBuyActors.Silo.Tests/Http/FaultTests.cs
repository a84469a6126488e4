using System.Net;
using System.Net.Sockets;
using System.Text;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>What a caller did wrong is told as the caller's fault, and leaves no trace of ours in the log.</summary>
public sealed class FaultTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Theory]
    [InlineData("/v1/admin/dead-letters/redrives/%20", "redrive.not_found")]
    [InlineData("/v1/admin/dead-letters/redrives/%C3%BC", "redrive.not_found")]
    [InlineData("/v1/admin/dead-letters/redrives/abcdefghijklmnopqrstu%0A", "redrive.not_found")]
    [InlineData("/v1/admin/tasks/1.SH.tea:1:%C3%BC", "task.not_found")]
    [InlineData("/v1/admin/tasks/1.SH.tea:1:order-close:0%20", "task.not_found")]
    [InlineData("/v1/admin/tasks/%20", "task.not_found")]
    [InlineData("/dashboard/HistoricalStats/x", "route.not_found")]
    [InlineData("/dashboard/SiloProperties/x", "route.not_found")]
    [InlineData("/dashboard/SiloStats/127.0.0.1:1@1", "route.not_found")]
    public async Task WhatCannotBeIsNotFound(string path, string code)
    {
        (await _api.GetAsync(path)).Is(HttpStatusCode.NotFound, code);
        if (!path.StartsWith("/v1/admin/tasks", StringComparison.Ordinal))
            return;
        (await _api.PostAsync($"{path}/cancel")).Is(HttpStatusCode.NotFound, code);
        (await _api.PostAsync($"{path}/redrive")).Is(HttpStatusCode.NotFound, code);
        (await _api.PostAsync($"{path}/dismiss")).Is(HttpStatusCode.NotFound, code);
    }

    [Theory]
    [InlineData("/v1/groups", "groups\n0\nü")]
    [InlineData("/v1/users/lin/orders", "orders\n0\nü")]
    [InlineData("/v1/admin/tasks", "tasks\n0\nü")]
    [InlineData("/v1/admin/dead-letters", "task-ends\n9223372036854775807\n1:x")]
    [InlineData("/v1/admin/dead-letters", "task-ends\n0\n1:ü")]
    [InlineData("/v1/admin/relay/parked", "parked\n0\nü")]
    [InlineData("/v1/sandbox/calls/payments", "calls\n0\nü x")]
    [InlineData("/v1/sandbox/calls/payments", "calls\n0\nx")]
    public async Task AMarkThatNoPageGaveIsToldAsOne(string path, string mark)
    {
        var after = Convert
            .ToBase64String(Encoding.UTF8.GetBytes(mark))
            .TrimEnd('=')
            .Replace('+', '-')
            .Replace('/', '_');
        Assert.Equal(
            ["after"],
            (await _api.GetAsync($"{path}?after={after}")).Is(HttpStatusCode.BadRequest, "request.invalid").FaultyFields
        );
    }

    [Fact]
    public async Task WhatBuyersDoAndClientsThatHangUpAreNoErrorsAndLeaveNoStack()
    {
        var directory = Directory.CreateTempSubdirectory("groupbuy-quiet-").FullName;
        await using var process = await SiloProcess.StartAsync(
            SiloSettings.Draw("quiet", directory) with
            {
                Environment = new Dictionary<string, string?> { ["GroupBuy__Logging__Format"] = "Json" },
            }
        );
        using var http = new HttpClient { BaseAddress = process.Address };
        var api = new Api(http);
        var group = GroupId.Parse("7.SH.tea");
        (await api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var order = (await api.JoinAsync(group, "lin"))["orderId"];
        (await api.PayAsync(order)).Is(HttpStatusCode.OK);
        for (var i = 2; i < 20; i++)
            (await api.PayAsync(order, paymentId: $"p-{i}")).Is(HttpStatusCode.Accepted);
        for (var i = 0; i < 20; i++)
        {
            await HangUpAsync(
                process,
                $"POST /v1/groups/{group}/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: 500\r\n\r\n{{\"userId\""
            );
            await HangUpAsync(
                process,
                $"POST /v1/groups/{group}/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: 15\r\n\r\n{{\"userId\":\"a{i:D2}\"}}"
            );
            await HangUpAsync(
                process,
                $"PUT /v1/groups/8.SH.tea-{i} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: {Api.Offer().Length + 4}\r\n\r\n{Api.Offer()}"
            );
            await HangUpAsync(process, $"GET /v1/groups/{group}/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
            await CloseInBodyAsync(process, $"/v1/groups/{group}/orders");
            await HangUpAsync(process, $"GET /v1/admin/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n");
            await HangUpAsync(
                process,
                $"GET /v1/admin/reconciliation?merchantId=7 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            );
        }

        Assert.NotNull(await process.StopAsync(TimeSpan.FromSeconds(30)));
        var lines = await File.ReadAllLinesAsync(
            Path.Combine(directory, "quiet.log"),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(
            18,
            lines.Count(line => line.Contains("is an excess payment and is refunded", StringComparison.Ordinal))
        );
        string[] unwanted = ["\"LogLevel\":\"Error\"", "\"LogLevel\":\"Critical\"", "\"Exception\":"];
        Assert.Equal("", string.Join('\n', lines.Where(line => unwanted.Any(line.Contains))));
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>
    /// Sends a part of a body once the server reads it, and closes as a client does that was told to stop.
    /// </summary>
    private static async Task CloseInBodyAsync(SiloProcess process, string path)
    {
        using var socket = new TcpClient(process.Address.Host, process.Address.Port);
        var stream = socket.GetStream();
        var head =
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + $"Content-Length: 500\r\n";
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes(head + "Expect: 100-continue\r\n\r\n"),
            TestContext.Current.CancellationToken
        );
        var go = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();
        var answer = new byte[go.Length];
        await stream.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        Assert.Equal(go, answer);
        await stream.WriteAsync("{\"userId\""u8.ToArray(), TestContext.Current.CancellationToken);
        socket.Client.Shutdown(SocketShutdown.Send);
        try
        {
            await stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // The server may reset what it cannot answer: that is an end, too.
        }
    }

    /// <summary>Sends and resets the connection, as a client that dies does.</summary>
    private static async Task HangUpAsync(SiloProcess process, string request)
    {
        using var socket = new TcpClient(process.Address.Host, process.Address.Port)
        {
            LingerState = new LingerOption(true, 0),
        };
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
    }
}
