using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>One validated reading of a body serves fields and fingerprint alike.</summary>
public sealed class BodyTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    public static TheoryData<string, string> TextsThatAreNoUnicode =>
        new()
        {
            { """{"userId":"lin","nickname":"\ud83d"}""", "nickname" },
            { """{"userId":"lin","nickname":"\ude00"}""", "nickname" },
            { """{"userId":"lin","nickname":"\ude00\ud83d"}""", "nickname" },
            { """{"userId":"lin","a":{"b":["x","\ud83d\ud83d"]}}""", "a.b" },
            { """{"userId":"\uD83D","quantity":0,"a":"\\\ud83d"}""", "a quantity userId" },
            { """{"userId":"lin","\ud83d":1}""", "$" },
            { """{"userId":"lin","a":{"\ud83d":1,"\ud83d":1}}""", "$" },
        };

    [Theory]
    [MemberData(nameof(TextsThatAreNoUnicode))]
    public async Task ATextThatIsNoUnicodeIsAFaultWithAKeyAndWithout(string body, string fields)
    {
        var group = await PublishedAsync();
        foreach (var key in (string?[])[null, "k1"])
        {
            var answer = (await _api.PostAsync($"/v1/groups/{group}/orders", body, key)).Is(
                HttpStatusCode.BadRequest,
                "request.invalid"
            );
            Assert.Equal(fields, string.Join(' ', answer.FaultyFields));
        }

        Assert.Equal("0", (await _api.GetAsync($"/v1/groups/{group}"))["seatsTaken"]);
    }

    [Fact]
    public async Task ACallThatNeedsNoBodyIsToldOfOneThatIsFaulty()
    {
        var group = await PublishedAsync();
        foreach (
            var path in (string[])
                [
                    $"/v1/groups/{group}/end-joining",
                    $"/v1/admin/groups/{group}/settle",
                    $"/v1/vouchers/{group}.1.abcdefghijklmnopqrst/redemption",
                ]
        )
            Assert.Equal(
                ["a"],
                (await _api.PostAsync(path, """{"a":"\ud83d"}""", "k1"))
                    .Is(HttpStatusCode.BadRequest, "request.invalid")
                    .FaultyFields
            );
    }

    [Fact]
    public async Task BytesThatAreNoUtf8AreRefusedInIgnoredMembersToo()
    {
        var group = await PublishedAsync();
        byte[] body = [.. "{\"userId\":\"lin\",\"nickname\":\""u8, 0xED, 0xA0, 0xBD, .. "\"}"u8];
        foreach (var key in (string?[])[null, "k1"])
            Assert.Equal(
                ["$"],
                (await _api.SendBytesAsync(HttpMethod.Post, $"/v1/groups/{group}/orders", body, key))
                    .Is(HttpStatusCode.BadRequest, "request.invalid")
                    .FaultyFields
            );
    }

    [Fact]
    public async Task AnEmojiIsOneTextHoweverItIsEscaped()
    {
        var group = await PublishedAsync();
        var first = (
            await _api.PostAsync($"/v1/groups/{group}/orders", """{"userId":"lin","nickname":"😀"}""", "k1")
        ).Is(HttpStatusCode.Created);
        Assert.Equal(
            first.Text,
            (await _api.PostAsync($"/v1/groups/{group}/orders", """{"nickname":"\ud83d\uDE00","userId":"lin"}""", "k1"))
                .Is(HttpStatusCode.Created)
                .Text
        );
    }

    [Fact]
    public async Task AByteOrderMarkBeforeJsonIsIgnored()
    {
        var group = await PublishedAsync();
        var first = (
            await _api.SendBytesAsync(
                HttpMethod.Post,
                $"/v1/groups/{group}/orders",
                [.. "\uFEFF"u8, .. """{"userId":"lin"}"""u8],
                "k1"
            )
        ).Is(HttpStatusCode.Created);
        Assert.Equal(first.Text, (await _api.JoinAsync(group, "lin", "k1")).Is(HttpStatusCode.Created).Text);
        Assert.Equal(
            ["$"],
            (await _api.SendBytesAsync(HttpMethod.Post, $"/v1/groups/{group}/orders", [.. "\uFEFF\uFEFF{}"u8]))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields
        );
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("br", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("identity, gzip", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("Identity", HttpStatusCode.Created)]
    public async Task AContentEncodingThatIsNotTakenIsTold(string encoding, HttpStatusCode status)
    {
        var group = await PublishedAsync();
        (
            await _api.SendBytesAsync(
                HttpMethod.Post,
                $"/v1/groups/{group}/orders",
                """{"userId":"lin"}"""u8.ToArray(),
                null,
                ("Content-Encoding", encoding)
            )
        ).Is(status, status == HttpStatusCode.Created ? "" : "request.encoding_not_taken");
    }

    [Fact]
    public async Task AnAnswerNamesAtMostAHundredFields()
    {
        var body = "{" + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"m{i}\":\"\\ud83d\"")) + "}";
        Assert.Equal(
            100,
            (await _api.PostAsync($"/v1/groups/{await PublishedAsync()}/orders", body))
                .Is(HttpStatusCode.BadRequest, "request.invalid")
                .FaultyFields.Length
        );
    }

    [Theory]
    [InlineData("FFFFFFFFF\r\n")]
    [InlineData("FFFFFFFFFFFFFFFFFFFF\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("zz\r\n")]
    public async Task ABodyWhoseTransferIsMalformedIsTheCallersFault(string chunk)
    {
        var group = await PublishedAsync();
        using var socket = new TcpClient(silo.Url.Host, silo.Url.Port);
        await socket
            .GetStream()
            .WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /v1/groups/{group}/orders HTTP/1.1\r\nHost: {silo.Url.Authority}\r\nContent-Type: "
                        + $"application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"
                ),
                TestContext.Current.CancellationToken
            );
        using var reader = new StreamReader(socket.GetStream());
        Assert.Equal("HTTP/1.1 400 Bad Request", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    private async Task<GroupId> PublishedAsync()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        return group;
    }
}
