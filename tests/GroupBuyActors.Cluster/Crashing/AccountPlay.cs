using System.Collections.Concurrent;
using GroupBuyActors.Cluster.Checks;
using GroupBuyActors.Cluster.Load;

namespace GroupBuyActors.Cluster.Crashing;

/// <summary>
/// One account on its way. Everything is said as a caller says it: again with the same request until it is answered.
/// </summary>
internal sealed class AccountPlay(AccountClient accounts, AccountTables tables, string key)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ActorId _account = new("accounts", key);
    private readonly ConcurrentBag<AnsweredDeposit> _answered = [];

    public async Task DepositAsync(string request, long amount) =>
        _answered.Add(new(_account, request, amount, await accounts.DepositAsync(_account, request, amount)));

    public Task SleepAsync() => accounts.SleepAsync(_account);

    /// <summary>Waits until each deposit so far has its bonus.</summary>
    public async Task RewardedAsync()
    {
        var (started, events) = (
            TimeProvider.System.GetTimestamp(),
            2 * _answered.Count(one => one.Balance is not null)
        );
        while ((await tables.JournalAsync())[_account].Count() is var stored && stored < events)
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"{_account} has {stored} events and should have {events}.");
            await Task.Delay(50);
        }
    }

    /// <summary>What is left; throws where that cannot be.</summary>
    public async Task<string> EndAsync()
    {
        var faults = await new AccountAudit(tables, accounts).AuditAsync(_answered);
        if (faults.Count > 0)
            throw new InvalidOperationException(string.Join('\n', faults));
        var refused = _answered.Where(deposit => deposit.Balance is null).Select(deposit => deposit.Request);
        var events = (await tables.JournalAsync())[_account].Count();
        var balance = await accounts.ReadAsync(_account);
        return $"{events} events, balance {balance}, refused: {string.Join(", ", refused)}";
    }
}
