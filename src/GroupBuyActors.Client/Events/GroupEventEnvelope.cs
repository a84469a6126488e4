using System.Globalization;
using System.Text.Json;
using GroupBuyActors.Events;

namespace GroupBuyActors.Client;

/// <summary>A published event of a group: its group, sequence, type, time and data.</summary>
public sealed class GroupEventEnvelope
{
    private readonly ReadOnlyMemory<byte> _utf8;

    internal GroupEventEnvelope(
        GroupId group,
        long sequence,
        string type,
        int version,
        DateTimeOffset time,
        ReadOnlyMemory<byte> utf8,
        JsonElement data,
        string? traceParent
    )
    {
        (Group, Sequence, Type, Version, Time, Data, TraceParent) = (
            group,
            sequence,
            type,
            version,
            time,
            data,
            traceParent
        );
        _utf8 = utf8;
    }

    /// <summary>The group.</summary>
    public GroupId Group { get; }

    /// <summary>The event's number in its group, without gaps, from 1.</summary>
    public long Sequence { get; }

    /// <summary>Such as <c>order.placed</c>; the CloudEvents type without prefix and version.</summary>
    public string Type { get; }

    /// <summary>The version of the data, from 1.</summary>
    public int Version { get; }

    /// <summary>When the event was decided.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>The data, as the schema of <see cref="GroupEventSchemas"/> describes it.</summary>
    public JsonElement Data { get; }

    /// <summary>The W3C <c>traceparent</c> of the call that caused it, or null.</summary>
    public string? TraceParent { get; }

    /// <summary>The CloudEvents id, <c>{groupId}:{sequence}</c>: the same on every delivery of this event.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Group}:{Sequence}");

    /// <summary>
    /// The data as the typed event; throws <see cref="UnknownEventException"/> for a type or version of a newer
    /// release, and <see cref="JsonException"/> if the data does not match the type.
    /// </summary>
    public GroupEvent Read() => GroupEvents.Deserialize(Type, Version, _utf8.Span);

    /// <summary>
    /// The data as the typed event, or null if this release does not know the type. A known type in a newer version
    /// throws.
    /// </summary>
    public GroupEvent? ReadIfKnown() => GroupEvents.Names.Contains(Type, StringComparer.Ordinal) ? Read() : null;

    /// <summary>
    /// The envelope of an event that was read from the history of the HTTP API instead of from the topic.
    /// </summary>
    public static GroupEventEnvelope Of(GroupId group, HistoryItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        // A history item has no version: all events so far have version 1.
        return new GroupEventEnvelope(
            group,
            item.Sequence,
            item.Type,
            1,
            item.Time,
            JsonSerializer.SerializeToUtf8Bytes(item.Data),
            item.Data,
            null
        );
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Type}.v{Version}";
}
