using System.Net;
using System.Text.Json;
using GroupBuyActors.Events;

namespace GroupBuyActors.Silo.Tests.Events;

public sealed class HistoryTests(TestSilo silo)
{
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task AHistoryIsOldestFirstWithoutGapsAndPagedBySequence()
    {
        var group = TestSilo.NewGroup();
        await _api.FulfilAsync(group);
        var whole = (await _api.GetAsync($"/v1/groups/{group}/history?limit=500")).Is(HttpStatusCode.OK).Json;
        var items = whole.GetProperty("items").EnumerateArray().ToArray();
        Assert.False(whole.TryGetProperty("next", out _));
        Assert.Equal(Enumerable.Range(1, items.Length), items.Select(item => item.GetProperty("sequence").GetInt32()));
        Assert.All(
            items,
            item =>
                Assert.Equal(["sequence", "type", "time", "data"], item.EnumerateObject().Select(member => member.Name))
        );
        string[] types =
        [
            "group.publishing",
            "stock.reserved",
            "group.shelved",
            "order.placed",
            "group.opened",
            "order.placed",
            "group.succeeded",
        ];
        Assert.Equal(types, items.Take(7).Select(item => item.GetProperty("type").GetString()));

        var first = (await _api.GetAsync($"/v1/groups/{group}/history?limit=3")).Json;
        Assert.Equal("3", first.GetProperty("next").GetString());
        var second = (await _api.GetAsync($"/v1/groups/{group}/history?after=3&limit={items.Length - 3}")).Json;
        Assert.Equal(items[3].GetRawText(), second.GetProperty("items")[0].GetRawText());
        Assert.False(second.TryGetProperty("next", out _));
        Assert.Empty(
            (await _api.GetAsync($"/v1/groups/{group}/history?after=999"))
                .Is(HttpStatusCode.OK)
                .Json.GetProperty("items")
                .EnumerateArray()
        );
    }

    [Theory]
    [InlineData("history?after=-1", "after")]
    [InlineData("history?after=x&limit=0", "after limit")]
    [InlineData("events?after=x", "after")]
    public async Task AFaultyMarkIsNamed(string path, string fields)
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        Assert.Equal(
            fields,
            string.Join(
                ' ',
                (await _api.GetAsync($"/v1/groups/{group}/{path}"))
                    .Is(HttpStatusCode.BadRequest, "request.invalid")
                    .FaultyFields
            )
        );
    }

    [Fact]
    public async Task TheStreamShowsWhatWasAndWhatComesInOrder()
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        var seen = new List<HistoryItem>();
        await foreach (var item in silo.Client.EventsAsync(group, cancellation: Limit()))
        {
            seen.Add(item);
            if (item.Type == "group.shelved")
                (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created);
            if (item.Type == "group.opened")
                (await _api.DeleteAsync($"/v1/groups/{group}")).Is(HttpStatusCode.OK);
            if (item.Type == "stock.released")
                break;
        }

        Assert.Equal(Enumerable.Range(1, seen.Count).Select(n => (long)n), seen.Select(item => item.Sequence));
        Assert.Equal(
            [
                "group.publishing",
                "stock.reserved",
                "group.shelved",
                "order.placed",
                "group.opened",
                "group.expired",
                "order.closed",
                "stock.released",
            ],
            seen.Select(item => item.Type)
        );
    }

    [Theory]
    [InlineData("?after=2", null, 3)]
    [InlineData("", "2", 3)]
    [InlineData("?after=1", "2", 3)]
    [InlineData("", null, 1)]
    public async Task TheStreamResumesAfterTheLastEventSeen(string query, string? lastEventId, int first)
    {
        var group = TestSilo.NewGroup();
        (await _api.PublishAsync(group)).Is(HttpStatusCode.Created);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/groups/{group}/events{query}");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        using var response = await silo.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Limit());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Limit()));
        Assert.Equal($"id: {first}", await reader.ReadLineAsync(Limit()));
        Assert.StartsWith("event: ", await reader.ReadLineAsync(Limit()), StringComparison.Ordinal);
        var data = await reader.ReadLineAsync(Limit());
        Assert.Equal(first, JsonElement.Parse(data!["data: ".Length..]).GetProperty("sequence").GetInt32());
        Assert.Equal("", await reader.ReadLineAsync(Limit()));
    }

    [Fact]
    public async Task AMalformedLastEventIdIsNamed()
    {
        var group = TestSilo.NewGroup();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/groups/{group}/events");
        request.Headers.Add("Last-Event-ID", "x");
        using var response = await silo.Http.SendAsync(request, Limit());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static CancellationToken Limit() =>
        new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System).Token;
}
