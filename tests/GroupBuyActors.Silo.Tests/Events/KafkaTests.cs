using System.Net;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Silo.Tests.Events;

/// <summary>A silo that publishes its events, whose publisher takes no large one.</summary>
public sealed class PublishingSilo : TestSilo
{
    public PublishingSilo()
        : this(new MockKafka()) { }

    private PublishingSilo(MockKafka kafka)
        : base([
            "--GroupBuy:Kafka:BootstrapServers",
            kafka.BootstrapServers,
            "--GroupBuy:Kafka:MessageBytesMax",
            "1500",
        ]) => Kafka = kafka;

    public MockKafka Kafka { get; }
}

public sealed class KafkaTests(PublishingSilo silo) : IClassFixture<PublishingSilo>
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly Api _api = silo.Api;

    [Fact]
    public async Task WhatTheHistoryShowsIsWhatIsPublished()
    {
        var group = await PublishAsync("Tea");
        (await _api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created);
        await Api.Until(async () =>
            (await HistoryAsync(group)).Any(item => item.GetProperty("type").GetString() == "order.placed")
        );
        var history = await HistoryAsync(group);
        var read = Read(group, history.Length);
        Assert.Equal(history.Length, read.Count);
        foreach (var (item, message) in history.Zip(read))
        {
            var sequence = item.GetProperty("sequence").GetInt64();
            Assert.Equal($"{group}:{sequence}", Header(message, "ce_id"));
            Assert.Equal($"{sequence}", Header(message, "ce_sequence"));
            Assert.Equal($"groupbuy.{item.GetProperty("type").GetString()}.v1", Header(message, "ce_type"));
            Assert.Equal($"/groups/{group}", Header(message, "ce_source"));
            Assert.Equal(
                item.GetProperty("time").GetDateTimeOffset(),
                DateTimeOffset.Parse(Header(message, "ce_time"), System.Globalization.CultureInfo.InvariantCulture)
            );
            Assert.Equal("application/json", Header(message, "content-type"));
            Assert.True(
                JsonElement.DeepEquals(item.GetProperty("data"), JsonDocument.Parse(message.Message.Value).RootElement)
            );
        }

        var metrics = (await _api.GetAsync("/metrics")).Text;
        foreach (
            var name in (string[])
                ["relay_backlog", "relay_lag_seconds", "relay_parked", "relay_waiting", "relay_published_total"]
        )
            Assert.Contains(
                metrics.Split('\n'),
                line =>
                    line.StartsWith(name, StringComparison.Ordinal)
                    && line.Contains("sink=\"kafka\"", StringComparison.Ordinal)
            );
    }

    [Fact]
    public async Task AnEventTooLargeParksItsGroupUntilAnOperatorLeadsItPast()
    {
        var group = await PublishAsync(new string('茶', 200));
        await Api.Until(async () => Parked(await _api.GetAsync("/v1/admin/relay/parked"), group) is not null);
        var parked = Parked(await _api.GetAsync("/v1/admin/relay/parked"), group)!.Value;
        Assert.Equal(1, parked.GetProperty("sequence").GetInt64());
        Assert.Contains("size", parked.GetProperty("reason").GetString(), StringComparison.OrdinalIgnoreCase);

        // Others are not held up.
        var other = await PublishAsync("Tea");
        Assert.NotEmpty(Read(other, 1));

        (await _api.PostAsync($"/v1/admin/relay/parked/{group}/retry")).Is(HttpStatusCode.OK);
        await Api.Until(async () => Parked(await _api.GetAsync("/v1/admin/relay/parked"), group) is not null);
        Assert.Equal(
            "1",
            (await _api.PostAsync($"/v1/admin/relay/parked/{group}/skip")).Is(HttpStatusCode.OK)["sequence"]
        );
        Assert.Equal("2", Header(Read(group, 1)[0], "ce_sequence"));
        (await _api.PostAsync($"/v1/admin/relay/parked/{group}/skip")).Is(HttpStatusCode.NotFound, "relay.not_parked");
        (await _api.PostAsync("/v1/admin/relay/parked/nonsense/skip")).Is(HttpStatusCode.BadRequest, "request.invalid");
        Assert.Contains("relay.skip", (await _api.GetAsync("/v1/admin/audit")).Text, StringComparison.Ordinal);
    }

    private async Task<GroupId> PublishAsync(string title)
    {
        var group = TestSilo.NewGroup();
        (
            await _api.PutAsync($"/v1/groups/{group}", Api.Offer().Replace("龙井 tea", title, StringComparison.Ordinal))
        ).Is(HttpStatusCode.Created);
        return group;
    }

    private async Task<JsonElement[]> HistoryAsync(GroupId group) =>
        [.. (await _api.GetAsync($"/v1/groups/{group}/history?limit=500")).Json.GetProperty("items").EnumerateArray()];

    private List<ConsumeResult<string, byte[]>> Read(GroupId group, int count) =>
        [
            .. silo
                .Kafka.Read(
                    MockKafka.GroupEvents,
                    messages => messages.Count(message => message.Message.Key == group.Value) >= count,
                    Bound
                )
                .Where(message => message.Message.Key == group.Value),
        ];

    private static JsonElement? Parked(Answer answer, GroupId group) =>
        answer
            .Json.GetProperty("items")
            .EnumerateArray()
            .Where(item => item.GetProperty("groupId").GetString() == group.Value)
            .Select(item => (JsonElement?)item)
            .FirstOrDefault();

    private static string Header(ConsumeResult<string, byte[]> message, string name) =>
        Encoding.UTF8.GetString(message.Message.Headers.GetLastBytes(name));
}
