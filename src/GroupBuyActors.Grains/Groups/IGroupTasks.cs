using GroupBuyActors.Activations;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

/// <summary>
/// Internal calls to a group: the same grain as <see cref="IGroupGrain"/>.
/// </summary>
[Alias("groupbuy.IGroupTasks")]
internal interface IGroupTasks : IGrainWithStringKey
{
    /// <summary>Decides the command of a due task; the task is completed by the commit of its effect.</summary>
    [Alias("Run")]
    Task<FiringResult> Run(TaskFiring firing);

    /// <summary>
    /// Lets vouchers whose validity is over lapse. True if a part of the fan-out is left for another call.
    /// </summary>
    [Alias("LapseVouchers")]
    Task<bool> LapseVouchers(string? trace);

    /// <summary>Returns its stock and the payments of these orders, as they are committed.</summary>
    [Alias("ReadBooks")]
    Task<GroupBooksReply> ReadBooks(int[] orders);

    /// <summary>
    /// Removes the group for ever, a part with each call, if it is over and its last event was before this time. After
    /// the first part, nothing is decided on it any more. True once it is removed, false if there is more to remove,
    /// null if it stays.
    /// </summary>
    [Alias("Remove")]
    Task<bool?> Remove(DateTimeOffset before);
}

/// <summary>A due task, with the answer of its port.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.TaskFiring")]
internal sealed record TaskFiring
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
    public required int Version { get; init; }

    [Id(6)]
    public string? Trace { get; init; }

    [Id(7)]
    public PortAnswer Answer { get; init; }

    [Id(8)]
    public string? Detail { get; init; }

    [Id(9)]
    public FoundPayment[]? Found { get; init; }

    public TaskKey Key => new(Shard, Due, TaskId) { Type = Type };

    public static TaskFiring Of(TimedTask task, PortAnswered answered) =>
        new()
        {
            Shard = task.Key.Shard,
            Due = task.Key.Due,
            TaskId = task.Key.Id,
            Type = task.Type,
            Payload = task.Payload.ToArray(),
            Version = task.Version,
            Trace = task.Trace,
            Answer = answered.Answer,
            Detail = answered.Detail,
            Found =
                answered.Payments.Count == 0
                    ? null
                    : [.. answered.Payments.Select(payment => new FoundPayment(payment.PaymentId, payment.Amount))],
        };

    /// <summary>The command for the group.</summary>
    public GroupCommand Command() =>
        TaskRegistrations.Types.Find(Type) is IGroupTaskType type
            ? type.CommandOf(Payload, Answered())
            : throw new NotSupportedException($"A task of type {Type} has no command for a group.");

    private PortAnswered Answered() =>
        new(null, Answer, Detail)
        {
            Payments = Found is null ? [] : [.. Found.Select(p => new ProviderPayment(p.PaymentId, p.Amount))],
        };
}

/// <summary>A payment that the provider holds.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.FoundPayment")]
internal readonly record struct FoundPayment([property: Id(0)] string PaymentId, [property: Id(1)] Money Amount);

/// <summary>The result of a due task: completed, or to be run again in <paramref name="RunAgainIn"/>.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.FiringResult")]
internal readonly record struct FiringResult([property: Id(0)] TimeSpan? RunAgainIn)
{
    public static FiringResult Completed => default;

    /// <summary>
    /// The result of a due task; a settle task runs again at once if its fan-out is not finished.
    /// </summary>
    public static FiringResult Of(TaskFiring firing, CommandResult result, GroupState state)
    {
        if (result.Outcome is Outcome.NotYet early)
            return new FiringResult(early.RunAgainIn > Soon ? early.RunAgainIn : Soon);
        var goesOn =
            firing.Type == GroupSettle.TypeName && state.HasPendingFanOut && !result.Removals.Contains(firing.Key);
        return goesOn ? new FiringResult(TimeSpan.Zero) : Completed;
    }

    private static TimeSpan Soon => TimeSpan.FromMilliseconds(1);
}
