using System.Buffers;
using System.Text.Json;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Schedules;

/// <summary>A schedule in force: its definition, and the times that follow from it.</summary>
internal sealed class Schedule
{
    /// <summary>The property of a firing's payload with the time of the firing: see <see cref="FiringTask"/>.</summary>
    internal const string FiringProperty = "firing";

    /// <summary>Creates a schedule; throws <see cref="ArgumentException"/> with all faults of the definition.</summary>
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

    public ScheduleDefinition Definition { get; }

    public string Name => Definition.Name;

    public SpreadSchedule Times { get; }

    /// <summary>
    /// A shard's first firing after a time; null if there are no more, or the schedule does not fire in the shard.
    /// </summary>
    public TimedTask? Next(ShardId shard, DateTimeOffset after) =>
        Definition.RunsIn(shard) && Times.Next(shard, after) is { } next ? Firing(shard, next) : null;

    /// <summary>Why a shard's firing is not to be run, or null: see <see cref="SpreadSchedule.SkipReason"/>.</summary>
    public string? SkipReason(ShardId shard, DateTimeOffset firing, DateTimeOffset now) =>
        Definition.RunsIn(shard) ? Times.SkipReason(shard, firing, now) : SpreadSchedule.Changed;

    /// <summary>
    /// What follows a run: see <see cref="SpreadSchedule.After"/>. After a run at a time that the schedule no longer
    /// has, it continues from now: before that it was not in force, so it missed nothing.
    /// </summary>
    /// <param name="shard">The shard of the run.</param>
    /// <param name="firing">The time of the firing.</param>
    /// <param name="from">That time, or the earlier time to which an operator moved the run.</param>
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
