using System.Text;
using Confluent.Kafka;
using GroupBuyActors.Events;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>A message is one of ours, in every particular, or it is none.</summary>
public sealed class CloudEventReaderTests
{
    private static readonly GroupId Group = GroupId.Parse("10042.SH-PUDONG.tea-1123");

    private static LivedEvent Succeeded =>
        new(
            Group,
            7,
            "group.succeeded",
            new DateTimeOffset(2026, 11, 23, 14, 30, 0, 250, TimeSpan.Zero),
            """{"buyers":3,"seatsTaken":4}"""u8.ToArray()
        );

    [Fact]
    public void AnEventIsReadWithAllItTells()
    {
        Assert.True(Read(Succeeded.Message, out var read, out _));
        Assert.Equal(
            (Group, 7, "group.succeeded", 1, Succeeded.Time),
            (read!.Group, read.Sequence, read.Type, read.Version, read.Time)
        );
        Assert.Equal(
            ("10042.SH-PUDONG.tea-1123:7", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            (read.Id, read.TraceParent)
        );
        Assert.Equal(4, read.Data.GetProperty("seatsTaken").GetInt32());
        Assert.Equal(new GroupSucceeded(3, 4), read.Read());
        Assert.Equal(new GroupSucceeded(3, 4), read.ReadIfKnown());
        Assert.Equal(new GroupSucceeded(3, 4), Succeeded.Envelope.Read());
    }

    [Fact]
    public void AnEventOfALaterReleaseIsReadButNotTyped()
    {
        Assert.True(Read(With(("ce_type", "groupbuy.group.teleported.v1")), out var unknown, out _));
        Assert.Equal("group.teleported", unknown!.Type);
        Assert.Null(unknown.ReadIfKnown());
        Assert.Throws<UnknownEventException>(() => unknown.Read());
        Assert.True(Read(With(("ce_type", "groupbuy.group.succeeded.v2")), out var later, out _));
        Assert.Throws<UnknownEventException>(() => later!.ReadIfKnown());
    }

    [Fact]
    public void WhatOthersMayAddDoesNotMatter()
    {
        var message = With(
            ("content-type", "application/json; charset=utf-8"),
            ("ce_time", "2026-11-23T22:30:00.25+08:00"),
            ("ce_tenant", "east"),
            ("x-hop", "mirror")
        );
        Assert.True(Read(message, out var read, out var fault), fault);
        Assert.Equal(Succeeded.Time, read!.Time);
        message.Headers.Add("x-binary", [0xff, 0xfe]);
        message.Headers.Remove("ce_traceparent");
        Assert.True(Read(message, out read, out fault), fault);
        Assert.Null(read!.TraceParent);
    }

    [Theory]
    [InlineData("ce_specversion", "0.3")]
    [InlineData("ce_id", "10042.SH-PUDONG.tea-1123:8")]
    [InlineData("ce_id", "10042.SH-PUDONG.tea-1123:07")]
    [InlineData("ce_source", "/groups/10042.SH-PUDONG.tea-1124")]
    [InlineData("ce_source", "10042.SH-PUDONG.tea-1123")]
    [InlineData("ce_sequence", "0")]
    [InlineData("ce_sequence", "-7")]
    [InlineData("ce_sequence", " 7")]
    [InlineData("ce_sequence", "99999999999999999999")]
    [InlineData("ce_type", "group.succeeded.v1")]
    [InlineData("ce_type", "groupbuy.group.succeeded")]
    [InlineData("ce_type", "groupbuy.group.succeeded.v0")]
    [InlineData("ce_type", "groupbuy.Group.Succeeded.v1")]
    [InlineData("ce_type", "groupbuy.group.succeeded.v99999999999")]
    [InlineData("ce_time", "yesterday")]
    [InlineData("ce_time", "2026-11-23")]
    [InlineData("ce_time", "2026-13-23T14:30:00Z")]
    [InlineData("content-type", "application/cloudevents+json")]
    [InlineData("content-type", "text/plain")]
    public void AHeaderThatIsNotOursIsNamed(string name, string value)
    {
        Assert.False(Read(With((name, value)), out _, out var fault));
        Assert.Contains(name, fault);
    }

    [Theory]
    [InlineData("ce_specversion")]
    [InlineData("ce_id")]
    [InlineData("ce_source")]
    [InlineData("ce_sequence")]
    [InlineData("ce_type")]
    [InlineData("ce_time")]
    [InlineData("content-type")]
    public void AHeaderThatIsMissingOrThereTwiceIsNamed(string name)
    {
        var message = Succeeded.Message;
        var bytes = message.Headers.GetLastBytes(name);
        message.Headers.Add(name, bytes);
        Assert.False(Read(message, out _, out var twice));
        Assert.Equal($"The header {name} occurs twice.", twice);
        message.Headers.Remove(name);
        Assert.False(Read(message, out _, out var missing));
        Assert.Equal($"{name} is missing.", missing);
        message.Headers.Add(name, [0xff]);
        Assert.False(Read(message, out _, out var binary));
        Assert.Contains(name, binary);
    }

    [Theory]
    [InlineData("10042.SH-PUDONG.tea-1124", "{}")]
    [InlineData("tea", "{}")]
    [InlineData(null, "{}")]
    [InlineData("10042.SH-PUDONG.tea-1123", null)]
    [InlineData("10042.SH-PUDONG.tea-1123", "")]
    [InlineData("10042.SH-PUDONG.tea-1123", "[]")]
    [InlineData("10042.SH-PUDONG.tea-1123", "{\"buyers\":3")]
    [InlineData("10042.SH-PUDONG.tea-1123", "{} {}")]
    public void AKeyOrValueThatIsNotOursIsRefused(string? key, string? value)
    {
        var message = new Message<byte[]?, byte[]?>
        {
            Headers = Succeeded.Message.Headers,
            Key = Bytes(key),
            Value = Bytes(value),
        };
        Assert.False(CloudEventReader.TryRead(message, out _, out var fault));
        Assert.NotEmpty(fault);
        Assert.False(CloudEventReader.TryRead(new Message<byte[]?, byte[]?>(), out _, out _));

        static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
    }

    private static Message<byte[], byte[]> With(params (string Name, string Value)[] headers)
    {
        var message = Succeeded.Message;
        foreach (var (name, value) in headers)
        {
            message.Headers.Remove(name);
            message.Headers.Add(BrokersFixture.Header(name, value));
        }

        return message;
    }

    private static bool Read(Message<byte[], byte[]> message, out GroupEventEnvelope? read, out string? fault) =>
        CloudEventReader.TryRead(
            new Message<byte[]?, byte[]?>
            {
                Key = message.Key,
                Value = message.Value,
                Headers = message.Headers,
            },
            out read,
            out fault
        );
}
