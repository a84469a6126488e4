using System.Text;
using System.Text.Json;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Simulation;

namespace GroupBuyActors.Golden;

/// <summary>
/// What earlier releases stored must be read for ever. Lines are only ever added to these files: a line that stops to
/// be read, or comes out differently, is a broken journal somewhere. GROUPBUY_GOLDEN=write makes a file that is
/// missing.
/// </summary>
public sealed class GoldenTests
{
    private const string Events = "events.v1.jsonl",
        Snapshot = "group-snapshot.v1.json";
    private static readonly GroupId Group = GroupId.Parse("10042.SH-PUDONG.tea-1123");

    [Fact]
    public void StoredEventsOfEveryTypeAreReadAndWrittenAsTheyWere()
    {
        var lines = ReadOrWrite(Events, () => string.Join('\n', Samples().Select(Line)) + "\n")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(GroupEvents.Names.Order(), lines.Select(line => Field(line, "type")).Distinct().Order());
        foreach (var line in lines)
        {
            using var stored = JsonDocument.Parse(line);
            var (type, version) = (
                stored.RootElement.GetProperty("type").GetString()!,
                stored.RootElement.GetProperty("version").GetInt32()
            );
            var happened = GroupEvents.Deserialize(
                type,
                version,
                Encoding.UTF8.GetBytes(stored.RootElement.GetProperty("data").GetRawText())
            );
            Assert.Equal(type, GroupEvents.NameOf(happened));
            Assert.Equal(line, Line(happened));
        }
    }

    [Fact]
    public void StoredEventsSayWhatHappened()
    {
        var lines = ReadOrWrite(Events, () => "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var samples = Samples().ToDictionary(GroupEvents.NameOf);
        foreach (var line in lines)
        {
            using var stored = JsonDocument.Parse(line);
            var type = Field(line, "type");
            var happened = GroupEvents.Deserialize(
                type,
                1,
                Encoding.UTF8.GetBytes(stored.RootElement.GetProperty("data").GetRawText())
            );
            Assert.Equal(samples[type], happened);
        }
    }

    [Fact]
    public void UnknownTypeOrVersionIsNeverSkipped()
    {
        Assert.Throws<UnknownEventException>(() => GroupEvents.Deserialize("group.teleported", 1, "{}"u8));
        Assert.Throws<UnknownEventException>(() => GroupEvents.Deserialize("group.opened", 2, "{}"u8));
        Assert.Throws<UnknownEventException>(() =>
            JournalPayload.Read(Group, 1, World.Start, "group.opened", 2, "{\"d\":{}}"u8.ToArray())
        );
        Assert.Throws<UnknownEventException>(() =>
            GroupSnapshot.Read(Group, Encoding.UTF8.GetBytes($$"""{"version":2,"group":"{{Group}}"}"""))
        );
    }

    [Fact]
    public void StoredSnapshotIsReadAndWrittenAsItWas()
    {
        var stored = ReadOrWrite(Snapshot, () => Encoding.UTF8.GetString(GroupSnapshot.Write(Scene().State)) + "\n")
            .TrimEnd();
        var state = GroupSnapshot.Read(Group, Encoding.UTF8.GetBytes(stored));
        Assert.Equal(stored, Encoding.UTF8.GetString(GroupSnapshot.Write(state)));
        Assert.Equal((GroupPhase.Fulfilled, 4, 2), (state.Phase, state.OrderCount, state.Orders.Buyers));
    }

    [Fact]
    public void PayloadKeepsTheDataFirstSoThatHistoryCutsItOut()
    {
        var recorded = new RecordedEvent(
            7,
            World.Start,
            new GroupOpened(),
            new RequestRecord("r\"1", "f", 3, ReplyOutcome.Created, true)
        );
        var payload = JournalPayload.Write(recorded);
        Assert.Equal(
            """{"d":{},"r":{"id":"r\u00221","fingerprint":"f","order":3,"outcome":"Created","brief":true}}""",
            Encoding.UTF8.GetString(payload)
        );
        Assert.Equal("{}", Encoding.UTF8.GetString(JournalPayload.Data("group.opened", 1, payload).Span));
        Assert.Equal(JsonValueKind.Object, JournalPayload.DataElement("group.opened", 1, payload).ValueKind);
        Assert.Equal(recorded, JournalPayload.Read(Group, 7, World.Start, "group.opened", 1, payload));
        Assert.Null(
            JournalPayload
                .Read(Group, 7, World.Start, "group.opened", 1, JournalPayload.Write(recorded with { Request = null }))
                .Request
        );
        Assert.Throws<JsonException>(() =>
            JournalPayload.Read(Group, 7, World.Start, "group.opened", 1, "{\"d\":"u8.ToArray())
        );
    }

    [Fact]
    public void WhatLeavesTheJournalHasNoSecretWhicheverReleaseStoredIt()
    {
        foreach (var line in ReadOrWrite(Events, () => "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var stored = JsonDocument.Parse(line);
            var (type, data) = (Field(line, "type"), stored.RootElement.GetProperty("data").GetRawText());
            var published = Encoding.UTF8.GetString(
                JournalPayload.Data(type, 1, Encoding.UTF8.GetBytes($$"""{"d":{{data}},"r":null}""")).Span
            );
            if (type != "voucher.issued")
            {
                Assert.Equal(data, published);
                continue;
            }

            Assert.Equal(
                $$"""{"orderId":"{{Group}}.12","validUntil":"2026-12-23T14:30:00.250Z","voucherTail":"n2c5"}""",
                published
            );
            Assert.Equal(
                published,
                Encoding.UTF8.GetString(GroupEvents.Publish(type, 1, Encoding.UTF8.GetBytes(published)).Span)
            );
            Assert.Throws<UnknownEventException>(() => GroupEvents.Publish(type, 2, Encoding.UTF8.GetBytes(data)));
        }
    }

    private static IEnumerable<GroupEvent> Samples()
    {
        var (order, at) = (new OrderId(Group, 12), new DateTimeOffset(2026, 11, 23, 14, 30, 0, 250, TimeSpan.Zero));
        var termsRequest = new GroupTermsRequest
        {
            Title = "西湖龙井 250 g",
            Sku = "tea-250",
            UnitPrice = Scenes.Price,
            MinGroupSize = 3,
            Capacity = 5,
            PerUserLimit = 2,
            ShelfAt = at,
            OpenDelay = TimeSpan.FromMinutes(10),
            Timeout = TimeSpan.FromHours(24),
            PaymentWindow = TimeSpan.FromMinutes(30),
            VoucherValidity = TimeSpan.FromDays(30),
            RevokeWindow = TimeSpan.FromHours(1),
            LapsePolicy = LapsePolicy.Forfeit,
            CountBy = CountBy.Paid,
        };
        yield return new GroupPublishing(1, termsRequest, TermsRules.Resolve(termsRequest, at));
        yield return new GroupPublicationAbandoned(1, "inventory.unavailable", null);
        yield return new StockReserved(1, 5);
        yield return new GroupShelved(at, at.AddMinutes(10), at.AddHours(24));
        yield return new GroupOpened();
        yield return new GroupSucceeded(3, 4);
        yield return new GroupJoiningEnded(JoiningEndReason.EndedEarly);
        yield return new GroupFulfilled(4, at.AddDays(30));
        yield return new GroupExpired(ExpiryReason.PaymentShortfall);
        yield return new OrderPlaced("alice ", 2, Scenes.Price * 2, at.AddMinutes(30)) { OrderId = order };
        yield return new OrderPaid("wx-4200001", Scenes.Price * 2) { OrderId = order };
        yield return new OrderClosed(CloseReason.PaymentWindowOver) { OrderId = order };
        yield return new OrderRefundRequested(
            "wx-4200001",
            Scenes.Price * 2,
            RefundReason.BuyerRequest,
            "changed my mind"
        )
        {
            OrderId = order,
        };
        yield return new OrderRefunded("wx-4200001", Scenes.Price * 2) { OrderId = order };
        yield return new PaymentExcess("wx-4200002", new Money(1, "EUR")) { OrderId = order };
        yield return new PaymentRefunded("wx-4200002", new Money(1, "EUR")) { OrderId = order };
        yield return new StockDeducted(1, 4);
        yield return new StockReleased(2, 1, 1);
        yield return new VoucherIssued(new VoucherCode(order, "k3v9x0q2m7w5t1r8z4y6b0n2c5"), at.AddDays(30))
        {
            OrderId = order,
        };
        yield return new VoucherRedeemed { OrderId = order };
        yield return new VoucherRedemptionRevoked { OrderId = order };
        yield return new VoucherLapsed { OrderId = order };
        yield return new BuyersNotified("success", 1, 4, 3);
    }

    /// <summary>A group with a bit of everything that a snapshot keeps.</summary>
    private static World Scene()
    {
        var world = Scenes.Published(Scenes.Offer(2, 5) with { PerUserLimit = 2 });
        world.Join("ann", 2, new RequestKey("join-ann", "a1"));
        world.Join("bob", 1);
        world.Join("cho", 1);
        world.RunDue();
        world.PayAll(1, 2);
        world.Pay(1, "twice");
        world.Do(new GroupCommand.Cancel(3));
        world.Pay(3, "late");
        world.Join("dan", 1, new RequestKey("join-dan", ""));
        world.Do(new GroupCommand.EndJoining(new RequestKey("end", "e1")));
        world.RunDue();
        world.Do(new GroupCommand.Cancel(4));
        world.Redeem(1);
        return world;
    }

    private static string Line(GroupEvent happened) =>
        $"{{\"type\":\"{GroupEvents.NameOf(happened)}\",\"version\":{GroupEvents.VersionOf(happened)},"
        + $"\"data\":{Encoding.UTF8.GetString(GroupEvents.Serialize(happened))}}}";

    private static string Field(string line, string name)
    {
        using var stored = JsonDocument.Parse(line);
        return stored.RootElement.GetProperty(name).GetString()!;
    }

    private static string ReadOrWrite(string file, Func<string> content)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "Golden", file);
        if (File.Exists(beside))
            return File.ReadAllText(beside);
        Assert.True(Environment.GetEnvironmentVariable("GROUPBUY_GOLDEN") == "write", $"{file} is missing.");
        File.WriteAllText(Path.Combine(Source(), file), content());
        return content();
    }

    private static string Source([System.Runtime.CompilerServices.CallerFilePath] string path = "") =>
        Path.GetDirectoryName(path)!;
}
