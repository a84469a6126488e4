using System.Text.Json;
using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Relay;
using GroupBuyActors.Requests;
using GroupBuyActors.Tasks;
using Orleans.Concurrency;

namespace GroupBuyActors.Activations;

/// <summary>Puts money in under a request's id, or, without one, the bonus that a task brings.</summary>
internal sealed record Deposit(string? Request, long Amount);

/// <summary>The one event of accounts.</summary>
internal sealed record Deposited(long Sequence, DateTimeOffset Time, string? Request, long Amount);

/// <summary>An account: a kind of actors that is no group, and small enough to be read at once.</summary>
internal sealed class Account(ActorId actor) : IActorState
{
    public ActorId Actor => actor;
    public long Sequence { get; private set; }
    public DateTimeOffset UpdatedAt { get; private set; }
    public long Balance { get; private set; }
    public RequestMemory<long> Requests { get; } = new();

    public void Apply(Deposited happened)
    {
        (Sequence, UpdatedAt) = (happened.Sequence, happened.Time);
        Balance += happened.Amount;
        if (happened.Request is { } request)
            Requests.Add(new Remembered<long>(request, "", happened.Time, Balance, Journaled: true));
    }

    public AccountSnapshot ToSnapshot() => new(Sequence, UpdatedAt, Balance, [.. Requests.KeptAt(UpdatedAt)]);

    public static Account Of(ActorId actor, AccountSnapshot snapshot)
    {
        var account = new Account(actor)
        {
            Sequence = snapshot.Sequence,
            UpdatedAt = snapshot.UpdatedAt,
            Balance = snapshot.Balance,
        };
        snapshot.Requests.ForEach(account.Requests.Add);
        return account;
    }
}

internal sealed record AccountSnapshot(
    long Sequence,
    DateTimeOffset UpdatedAt,
    long Balance,
    List<Remembered<long>> Requests
);

/// <summary>
/// The rules of accounts: at most 1,000; a deposit of a request is followed by a bonus of 1 a minute later.
/// </summary>
internal sealed class AccountBehavior : ActorBehavior<Account, Deposit, ActorResult<Deposited>>, IActorFormat<Account>
{
    public override IActorFormat<Account> Format => this;

    public override ActorResult<Deposited> StoreIsBusy { get; } =
        new() { Outcome = new Outcome.Refused<string>("busy") };

    /// <summary>What was wrong with accounts.</summary>
    public List<ActorFailure> Failures { get; } = [];

    public override ActorResult<Deposited> Execute(Account state, Deposit command, DecisionInput input)
    {
        var result = new ActorResult<Deposited>();
        if (command.Request is { } id && state.Requests.Find(id, input.Clock, RequestMemory<long>.KeptFor) is { } known)
            result.Outcome = new Outcome.Accepted<long>(known.Answer);
        else if (state.Balance + command.Amount > 1_000)
            result.Outcome = new Outcome.Refused<string>("full");
        else
            Accept(state, command, input, result);
        return result;
    }

    public override JournalEvent[] Write(ActorResult<Deposited> result, string? trace) =>
        [
            .. result.Events.Select(happened => new JournalEvent(
                happened.Sequence,
                "account.deposited",
                1,
                happened.Time,
                JsonSerializer.SerializeToUtf8Bytes(happened),
                trace
            )),
        ];

    public override void Report(ActorId actor, ActorFailure failure) => Failures.Add(failure);

    public Account Restore(ActorId actor, byte[]? snapshot) =>
        snapshot is null
            ? new Account(actor)
            : Account.Of(actor, JsonSerializer.Deserialize<AccountSnapshot>(snapshot)!);

    public void Replay(Account state, JournalRow row) =>
        state.Apply(JsonSerializer.Deserialize<Deposited>(row.Payload)!);

    public byte[] Snapshot(Account state) => JsonSerializer.SerializeToUtf8Bytes(state.ToSnapshot());

    private static void Accept(Account state, Deposit command, DecisionInput input, ActorResult<Deposited> result)
    {
        var happened = new Deposited(state.Sequence + 1, input.Clock, command.Request, command.Amount);
        state.Apply(happened);
        result.Events.Add(happened);
        result.Outcome = new Outcome.Accepted<long>(state.Balance);
        if (input.Completes is { } task)
            result.Removals.Add(task);
        else
            result.Schedules.Add(BonusHandler.TaskAfter(state));
    }
}

/// <summary>What an account's events tell others: the amount, and nothing of who asked.</summary>
internal sealed class AccountEvents(bool isPublished) : IActorEvents
{
    public string Kind => "accounts";

    public bool IsPublished => isPublished;

    public ReadOnlyMemory<byte>? Data(string type, int version, ReadOnlyMemory<byte> payload) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new { amount = JsonSerializer.Deserialize<Deposited>(payload.Span)!.Amount }
        );
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

[Reentrant, GrainType("account")]
internal sealed class AccountGrain(ActorServices services, AccountBehavior behavior) : Grain, IAccount, IActorHost
{
    private DurableActor<Account, Deposit, ActorResult<Deposited>> _actor = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _actor = new(new ActorId("accounts", this.GetPrimaryKeyString()), behavior, services, this);
        return _actor.ActivateAsync(cancellationToken);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _actor.DeactivateAsync(cancellationToken);

    public Task<long?> Deposit(string request, long amount) =>
        _actor.AnswerAsync<long?>(
            new Deposit(request, amount),
            static (_, result) => (result.Outcome as Outcome.Accepted<long>)?.Answer
        );

    public Task<long> Read() => _actor.ReadAsync(static state => (state.Balance, IsKnown: true));

    public Task Bonus(DateTimeOffset due, string task, int version) =>
        _actor.ExecuteAsync(
            new Deposit(null, 1),
            new FiredTask(new TaskKey(_actor.State.Actor.Shard, due, task), version, null)
        );

    public Task<long> WaitForEvents(long after) => _actor.WaitForEventsAsync(after);

    public Task Sleep()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    void IActorHost.Deactivate() => DeactivateOnIdle();
}

/// <summary>Brings an account its bonus.</summary>
internal sealed class BonusHandler(IGrainFactory grains) : ITaskHandler
{
    public static TaskType<NoPayload> TaskType { get; } =
        new(new TaskPolicy { Type = "bonus", Retry = new() }, NoPayloadJson.Default.NoPayload);

    string ITaskHandler.Type => TaskType.Name;

    public static TimedTask TaskAfter(Account account)
    {
        var due = account.UpdatedAt + TimeSpan.FromMinutes(1);
        var id = TaskIds.Of(account.Actor, account.Sequence, TaskType.Name);
        return new TimedTask
        {
            Key = new TaskKey(account.Actor.Shard, due, id),
            Type = TaskType.Name,
            Actor = account.Actor,
            Payload = TaskType.Write(NoPayload.Value),
            NextAt = due,
        };
    }

    public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var (key, account) = (due.Task.Key, grains.GetGrain<IAccount>(due.Task.Actor!.Value.Key));
        await account.Bonus(key.Due, key.Id, due.Task.Version);
        return new HandlerResult.Completed();
    }
}
