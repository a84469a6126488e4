using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using GroupBuyActors.Activations;
using GroupBuyActors.Placement;
using GroupBuyActors.Requests;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.TestActors;

/// <summary>Puts money in, as a caller asks under a request's id, or, without one, as the bonus of a task.</summary>
internal sealed record Deposit(string? Request, long Amount);

/// <summary>The one event of accounts: of a request, or the bonus for the deposit of a sequence.</summary>
internal sealed record Deposited(long Sequence, DateTimeOffset Time, string? Request, long Amount, long? BonusFor)
    : IActorEvent;

/// <summary>An account: a kind of actors that is no group, and small enough to be read at once.</summary>
internal sealed class Account : JsonActorState<Deposited>
{
    public long Balance { get; set; }

    public RequestMemory<long> Requests { get; init; } = new();

    /// <summary>The sequences of deposits whose bonus is still to come.</summary>
    public HashSet<long> Unrewarded { get; init; } = [];

    protected override void Change(Deposited happened)
    {
        Balance += happened.Amount;
        if (happened.Request is { } request)
        {
            Requests.Add(new RememberedRequest<long>(request, "", happened.Time, Balance, Journaled: true));
            Unrewarded.Add(happened.Sequence);
        }

        if (happened.BonusFor is { } deposit)
            Unrewarded.Remove(deposit);
    }
}

[JsonSerializable(typeof(Account)), JsonSerializable(typeof(Deposited))]
internal sealed partial class AccountJson : JsonSerializerContext;

/// <summary>
/// The rules of accounts: deposits fill one to at most 1,000, and each is followed by a bonus of 1 a second later.
/// </summary>
internal sealed class AccountBehavior()
    : JsonActorBehavior<Account, Deposit, Deposited>(AccountJson.Default.Account, AccountJson.Default.Deposited)
{
    public const long Full = 1_000;
    public const string DepositedType = "account.deposited";
    public const string RewardedType = "account.rewarded";

    /// <summary>What was wrong with accounts.</summary>
    public ConcurrentQueue<ActorFailure> Failures { get; } = [];

    public override ActorResult<Deposited> Execute(Account state, Deposit command, DecisionInput input)
    {
        var result = new ActorResult<Deposited>();
        if (command.Request is null)
            Reward(state, command, input, result);
        else if (state.Requests.Find(command.Request, input.Clock, RequestMemory<long>.RememberedFor) is { } known)
            result.Outcome = new Outcome.Accepted<long>(known.Answer);
        else if (state.Balance + command.Amount > Full)
            result.Outcome = new Outcome.Refused<string>("full");
        else
            Accept(state, command, input, result);
        return result;
    }

    public override void Report(ActorId actor, ActorFailure failure) => Failures.Enqueue(failure);

    protected override string TypeOf(Deposited happened) => happened.Request is null ? RewardedType : DepositedType;

    private static void Accept(Account state, Deposit command, DecisionInput input, ActorResult<Deposited> result)
    {
        Record(state, result, new(state.Sequence + 1, input.Clock, command.Request, command.Amount, null));
        result.Outcome = new Outcome.Accepted<long>(state.Balance);
        result.Schedules.Add(BonusHandler.TaskAfter(state));
    }

    /// <summary>A task whose commit was made and not heard of runs again, and brings nothing then.</summary>
    private static void Reward(Account state, Deposit command, DecisionInput input, ActorResult<Deposited> result)
    {
        var task = input.Completes!.Value;
        result.Removals.Add(task);
        if (TaskIds.TryGetCause(task.Id, out var cause) && state.Unrewarded.Contains(cause.Sequence))
            Record(state, result, new(state.Sequence + 1, input.Clock, null, command.Amount, cause.Sequence));
    }
}

[Alias("groupbuy.test.IAccount")]
internal interface IAccount : IGrainWithStringKey
{
    /// <summary>The balance after it; null where it is refused.</summary>
    [Alias("Deposit")]
    Task<long?> Deposit(string request, long amount);

    [Alias("Read")]
    Task<long> Read();

    [Alias("Bonus")]
    Task Bonus(DateTimeOffset due, string task, int version);

    [Alias("WaitForEvents")]
    Task<long> WaitForEvents(long after);

    [Alias("Sleep")]
    Task Sleep();
}

[MerchantPlacement, GrainType("account")]
internal sealed class AccountGrain(ActorServices services, AccountBehavior behavior)
    : DurableGrain<Account, Deposit, ActorResult<Deposited>>("accounts", behavior, services),
        IAccount
{
    public Task<long?> Deposit(string request, long amount) =>
        Actor.AnswerAsync<long?>(
            new Deposit(request, amount),
            static (_, result) => (result.Outcome as Outcome.Accepted<long>)?.Answer
        );

    public Task<long> Read() => Actor.ReadAsync(static state => (state.Balance, IsKnown: true));

    public Task Bonus(DateTimeOffset due, string task, int version) =>
        Actor.ExecuteAsync(new Deposit(null, 1), new FiredTask(new TaskKey(Id.Shard, due, task), version, null));

    public Task<long> WaitForEvents(long after) => Actor.WaitForEventsAsync(after);

    public Task Sleep()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

/// <summary>Brings an account its bonus.</summary>
internal sealed class BonusHandler(IGrainFactory grains) : ITaskHandler
{
    public static readonly TaskType<NoPayload> TaskType = new(
        new TaskPolicy { Type = "bonus", Retry = new() },
        NoPayloadJson.Default.NoPayload
    );

    string ITaskHandler.Type => TaskType.Name;

    public static TimedTask TaskAfter(Account account) =>
        TaskType.CausedBy(account.Actor, account.Sequence, account.UpdatedAt.AddSeconds(1), NoPayload.Value);

    public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var (key, account) = (due.Task.Key, grains.GetGrain<IAccount>(due.Task.Actor!.Value.Key));
        await account.Bonus(key.Due, key.Id, due.Task.Version);
        return new HandlerResult.Completed();
    }
}
