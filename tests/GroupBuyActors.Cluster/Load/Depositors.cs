using System.Collections.Concurrent;

namespace GroupBuyActors.Cluster.Load;

/// <summary>A deposit that was answered.</summary>
/// <param name="Account">Where it went.</param>
/// <param name="Request">The caller's name for it.</param>
/// <param name="Amount">How much.</param>
/// <param name="Balance">The answer; null where it was refused.</param>
internal sealed record AnsweredDeposit(ActorId Account, string Request, long Amount, long? Balance);

/// <summary>
/// Callers who go on whatever fails: they put money into accounts that they share, now and then say one deposit twice
/// at once, and say earlier ones again. An account that is full gives way to a new one.
/// </summary>
internal sealed class Depositors(AccountClient accounts, Action<string> complain, int seed)
{
    private const int Callers = 4;
    private const int OpenAccounts = 6;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _enough = new();
    private readonly int[] _full = new int[OpenAccounts];
    private Task _running = Task.CompletedTask;

    /// <summary>All deposits that were answered.</summary>
    public ConcurrentBag<AnsweredDeposit> Answered { get; } = [];

    /// <summary>Lets them loose.</summary>
    public void Start() =>
        _running = Task.WhenAll(
            Enumerable
                .Range(0, Callers)
                .Select(caller => Task.Run(() => GoOnAsync(caller, new Random(unchecked(seed * 37 + caller)))))
        );

    /// <summary>Lets everyone finish what they are at; throws what ended one too early.</summary>
    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await _running;
    }

    private async Task GoOnAsync(int caller, Random dice)
    {
        var own = new List<AnsweredDeposit>();
        for (var number = 0; !_enough.IsCancellationRequested; number++)
        {
            var place = dice.Next(OpenAccounts);
            var account = new ActorId(
                "accounts",
                $"{20_000 + place}.SH-PUDONG.savings-{Volatile.Read(ref _full[place])}"
            );
            var deposit = await DepositAsync(account, $"{caller}-{number}", dice.Next(1, 60), dice.Next(5) == 0);
            Answered.Add(deposit);
            own.Add(deposit);
            if (deposit.Balance is null)
                Interlocked.Increment(ref _full[place]);
            if (dice.Next(5) == 0)
                await RepeatAsync(own[dice.Next(own.Count)]);
            await Task.Delay(Pause);
        }
    }

    private async Task<AnsweredDeposit> DepositAsync(ActorId account, string request, long amount, bool isTwice)
    {
        var other = isTwice ? accounts.DepositAsync(account, request, amount) : null;
        var balance = await accounts.DepositAsync(account, request, amount);
        if (other is not null && await other is var second && second != balance)
            complain($"deposit {request} into {account}, said twice, was answered {balance} and {second}");
        return new AnsweredDeposit(account, request, amount, balance);
    }

    private async Task RepeatAsync(AnsweredDeposit deposit)
    {
        var again = await accounts.DepositAsync(deposit.Account, deposit.Request, deposit.Amount);
        if (again != deposit.Balance)
            complain($"{deposit} was answered {again} when it was said again");
    }
}
