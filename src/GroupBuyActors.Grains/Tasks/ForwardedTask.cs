namespace GroupBuyActors.Tasks;

/// <summary>A timed task as it is sent between silos.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.ForwardedTask")]
internal sealed record ForwardedTask
{
    [Id(0)]
    public required ShardId Shard { get; init; }

    [Id(1)]
    public required DateTimeOffset Due { get; init; }

    [Id(2)]
    public required string TaskId { get; init; }

    [Id(3)]
    public required string Type { get; init; }

    [Id(4)]
    public required byte[] Payload { get; init; }

    [Id(5)]
    public required DateTimeOffset NextAt { get; init; }

    [Id(6)]
    public int Attempts { get; init; }

    [Id(7)]
    public int Version { get; init; }

    [Id(8)]
    public string? Trace { get; init; }

    [Id(9)]
    public string? LastError { get; init; }

    [Id(10)]
    public int Weight { get; init; }

    [Id(11)]
    public DateTimeOffset? FirstDue { get; init; }

    public static ForwardedTask Of(TimedTask task) =>
        new()
        {
            Shard = task.Key.Shard,
            Due = task.Key.Due,
            TaskId = task.Key.Id,
            Type = task.Type,
            Payload = task.Payload.ToArray(),
            NextAt = task.NextAt,
            Attempts = task.Attempts,
            Version = task.Version,
            Trace = task.Trace,
            LastError = task.LastError,
            Weight = task.Weight,
            FirstDue = task.FirstDue,
        };

    public TimedTask Task() =>
        new()
        {
            Key = new TaskKey(Shard, Due, TaskId),
            Type = Type,
            Actor = TaskIds.TryGetActor(TaskId, out var actor) ? actor : null,
            Payload = Payload,
            NextAt = NextAt,
            Attempts = Attempts,
            Version = Version,
            Trace = Trace,
            LastError = LastError,
            Weight = Weight,
            FirstDue = FirstDue,
        };
}
