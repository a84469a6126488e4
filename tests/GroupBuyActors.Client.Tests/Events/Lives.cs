using System.Text;
using Confluent.Kafka;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Samples.InventoryView;
using GroupBuyActors.Simulation;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>
/// A group that has lived: its events as the history gives them, and what the rules say it has come to.
/// </summary>
internal sealed record LivedGroup(GroupId Id, IReadOnlyList<LivedEvent> Events, GroupState State)
{
    /// <summary>What a view of the group must say.</summary>
    public (long Sequence, GroupPhase State, int SeatsTaken, int SeatsPaid, StockFigures Stock) Truth =>
        (State.Sequence, State.Phase, State.Orders.SeatsTaken, State.Orders.SeatsPaid, State.Ledger.Figures);

    /// <summary>What a view says of it.</summary>
    public static (long, GroupPhase, int, int, StockFigures)? Said(InventoryLine? line) =>
        line is null
            ? null
            : (
                line.Sequence,
                line.State,
                line.SeatsTaken,
                line.SeatsPaid,
                new StockFigures(line.Reserved, line.Outstanding, line.Deducted, line.Released)
            );
}

/// <summary>One event, its data as UTF-8 JSON.</summary>
internal sealed record LivedEvent(GroupId Group, long Sequence, string Type, DateTimeOffset Time, byte[] Data)
{
    public HistoryItem Item => new(Sequence, Type, Time, System.Text.Json.JsonElement.Parse(Data));

    public GroupEventEnvelope Envelope => GroupEventEnvelope.Of(Group, Item);

    /// <summary>
    /// The message as the specification of events says it: written here anew, not by the code that reads it.
    /// </summary>
    public Message<byte[], byte[]> Message =>
        new()
        {
            Key = Encoding.UTF8.GetBytes(Group.Value),
            Value = Data,
            Headers =
            [
                BrokersFixture.Header("content-type", "application/json"),
                BrokersFixture.Header("ce_specversion", "1.0"),
                BrokersFixture.Header("ce_id", $"{Group}:{Sequence}"),
                BrokersFixture.Header("ce_type", $"groupbuy.{Type}.v1"),
                BrokersFixture.Header("ce_source", $"/groups/{Group}"),
                BrokersFixture.Header("ce_time", $"{Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}"),
                BrokersFixture.Header("ce_sequence", $"{Sequence}"),
                BrokersFixture.Header("ce_traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ],
        };
}

/// <summary>Random lives by the rules themselves, ports failing now and then.</summary>
internal static class Lives
{
    private const string Played = "10042.SH-PUDONG.tea-1123";

    /// <summary>The seed of this run, printed by those who use it; GROUPBUY_SEED repeats one.</summary>
    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("GROUPBUY_SEED"), out var seed) ? seed : Environment.ProcessId;

    public static List<LivedGroup> Many(int count, int seed) =>
        [.. Enumerable.Range(1, count).Select(number => One(number, new Random(seed * 7919 + number)))];

    private static LivedGroup One(int number, Random random)
    {
        var size = random.Next(1, 4);
        var termsRequest = Scenes.Offer(size, size + random.Next(0, 5)) with
        {
            Sku = "tea",
            PerUserLimit = 1 + random.Next(size),
            Timeout = TimeSpan.FromMinutes(random.Next(30, 90)),
            PaymentWindow = TimeSpan.FromMinutes(random.Next(1, 90)),
            VoucherValidity = TimeSpan.FromMinutes(random.Next(1, 120)),
            RevokeWindow = TimeSpan.FromMinutes(random.Next(0, 60)),
            LapsePolicy = (LapsePolicy)random.Next(2),
            CountBy = (CountBy)random.Next(2),
        };
        var steps = Enumerable
            .Range(0, random.Next(20, 120))
            .Select(_ => new Step(random.Next(100), random.Next(1000), random.Next(1000), random.Next(1000)))
            .ToList();
        var play = new LifePlay(
            new Life(
                termsRequest,
                500,
                random.Next(40),
                (uint)random.Next(1, int.MaxValue),
                random.Next(4) == 0 ? 2 : int.MaxValue,
                steps
            )
        );
        play.Play();
        var id = GroupId.Parse($"{number}.SH-PUDONG.tea-{number}");
        return new LivedGroup(id, [.. play.World.Journal.Select(recorded => Lived(id, recorded))], play.World.State);
    }

    // Every world has the same group; here each life is told as one of its own.
    private static LivedEvent Lived(GroupId id, RecordedEvent recorded)
    {
        var name = GroupEvents.NameOf(recorded.Event);
        var data = JournalPayload
            .DataElement(name, GroupEvents.VersionOf(recorded.Event), JournalPayload.Write(recorded))
            .GetRawText()
            .Replace(Played, id.Value, StringComparison.Ordinal);
        return new LivedEvent(id, recorded.Sequence, name, recorded.Time, Encoding.UTF8.GetBytes(data));
    }

    /// <summary>All events of several groups in one order that keeps each group's own.</summary>
    public static List<LivedEvent> Interleaved(IEnumerable<LivedGroup> groups, int seed)
    {
        var random = new Random(seed);
        var rest = groups.Select(group => new Queue<LivedEvent>(group.Events)).ToList();
        var order = new List<LivedEvent>();
        while (rest.Count > 0)
        {
            var next = rest[random.Next(rest.Count)];
            if (next.TryDequeue(out var happened))
                order.Add(happened);
            else
                rest.Remove(next);
        }

        return order;
    }
}
