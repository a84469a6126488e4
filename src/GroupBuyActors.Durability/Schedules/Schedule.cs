using System.Buffers;
using System.Text.Json;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Schedules;

/// <summary>A schedule in force: its definition, and the times that follow from it.</summary>
internal sealed class Schedule
{
    /// <summary>The property of a firing's payload that tells its time: see <see cref="FiringTask"/>.</summary>
    internal const string FiringProperty = "firing";

    /// <summary>A schedule; throws <see cref="ArgumentException"/> with all that is wrong.</summary>
    public Schedule(ScheduleDefinition definition)
    {
        if (definition.Faults() is { Count: > 0 } faults)
            throw new ArgumentException(
                $"Schedule {definition.Name}: {string.Join(" ", faults.Values)}",
                nameof(definition)
            );
        Definition = definition;
        Times = new SpreadSchedule(definition.Name, definition.Timing.Recurrence(definition.Rules), definition.Spread);
    }

    /// <summary>What it is made of.</summary>
    public ScheduleDefinition Definition { get; }

    /// <summary>Names it.</summary>
    public string Name => Definition.Name;

    /// <summary>Its times.</summary>
    public SpreadSchedule Times { get; }

    /// <summary>
    /// A shard's first firing after a time; null where there is none any more, or the schedule does not fire there.
    /// </summary>
    public TimedTask? Next(ShardId shard, DateTimeOffset after) =>
        Definition.RunsIn(shard) && Times.Next(shard, after) is { } next ? Firing(shard, next) : null;

    /// <summary>Why a shard's firing is not to be run: see <see cref="SpreadSchedule.LeftOut"/>.</summary>
    public string? LeftOut(ShardId shard, DateTimeOffset firing, DateTimeOffset now) =>
        Definition.RunsIn(shard) ? Times.LeftOut(shard, firing, now) : SpreadSchedule.Changed;

    /// <summary>
    /// What follows a run: see <see cref="SpreadSchedule.After"/>. After a run of a time that the schedule does not
    /// have any more it goes on from now: before that it was not in force, and missed nothing.
    /// </summary>
    /// <param name="shard">Where it ran.</param>
    /// <param name="firing">The time of the firing.</param>
    /// <param name="from">That time, or the earlier one that somebody brought the run forward to.</param>
    /// <param name="began">When the run began.</param>
    /// <param name="now">When it ended.</param>
    public FiringPlan After(
        ShardId shard,
        DateTimeOffset firing,
        DateTimeOffset from,
        DateTimeOffset began,
        DateTimeOffset now
    ) =>
        !Definition.RunsIn(shard) ? new FiringPlan(null, [])
        : Times.Has(shard, firing) ? Times.After(shard, from, began, now)
        : new FiringPlan(Times.Next(shard, now), []);

    /// <summary>The task of a shard's firing.</summary>
    public TimedTask Firing(ShardId shard, DateTimeOffset firing) =>
        new()
        {
            Key = new TaskKey(shard, firing, TaskIds.Of(Name, shard, firing)),
            Type = Definition.TaskType,
            Payload = PayloadOf(firing),
            NextAt = firing,
        };

    private byte[] PayloadOf(DateTimeOffset firing)
    {
        if (Definition.Payload.IsEmpty)
            return JsonSerializer.SerializeToUtf8Bytes(new FiringTask(firing), FiringTaskJson.Default.FiringTask);
        var written = new ArrayBufferWriter<byte>();
        using var document = JsonDocument.Parse(Definition.Payload);
        using (var writer = new Utf8JsonWriter(written))
        {
            writer.WriteStartObject();
            writer.WriteString(FiringProperty, firing);
            foreach (var property in document.RootElement.EnumerateObject())
                property.WriteTo(writer);
            writer.WriteEndObject();
        }

        return written.WrittenSpan.ToArray();
    }
}
