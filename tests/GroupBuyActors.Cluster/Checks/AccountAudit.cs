using GroupBuyActors.Cluster.Load;
using GroupBuyActors.TestActors;

namespace GroupBuyActors.Cluster.Checks;

/// <summary>
/// What must hold of accounts after any number of crashes: each request's deposit is there once and was answered with
/// the balance after it, each deposit has its bonus once, the balance is the sum, no sequence is missing, and no task
/// is left.
/// </summary>
internal sealed class AccountAudit(AccountTables tables, AccountClient accounts)
{
    private readonly List<string> _faults = [];

    /// <summary>
    /// Waits until no account has a task; false where one still has after <paramref name="patience"/>.
    /// </summary>
    public async Task<bool> WaitUntilSettledAsync(TimeSpan patience)
    {
        var started = TimeProvider.System.GetTimestamp();
        while ((await tables.TasksAsync()).Count > 0)
        {
            if (TimeProvider.System.GetElapsedTime(started) > patience)
                return false;
            await Task.Delay(100);
        }

        return true;
    }

    /// <summary>Checks the accounts of these deposits; gives every fault found.</summary>
    public async Task<IReadOnlyList<string>> AuditAsync(IReadOnlyCollection<AnsweredDeposit> answered)
    {
        var (journal, tasks) = (await tables.JournalAsync(), await tables.TasksAsync());
        foreach (var account in answered.ToLookup(deposit => deposit.Account))
        {
            var events = journal[account.Key].ToList();
            CheckJournal(account.Key, events);
            CheckDeposits(account.Key, events, account.ToDictionary(deposit => deposit.Request));
            CheckBonuses(account.Key, events);
            var balance = await accounts.ReadAsync(account.Key);
            Must(balance == Sum(events), $"{account.Key} says {balance}, its journal {Sum(events)}");
            foreach (var task in tasks.Where(task => task.StartsWith($"{account.Key}:", StringComparison.Ordinal)))
                _faults.Add($"task {task} is left");
        }

        foreach (var deposit in answered)
            Must(
                await accounts.DepositAsync(deposit.Account, deposit.Request, deposit.Amount) == deposit.Balance,
                $"{deposit} is answered otherwise in the end"
            );
        return _faults;
    }

    private void CheckJournal(ActorId account, List<Deposited> events)
    {
        for (var i = 0; i < events.Count; i++)
            Must(events[i].Sequence == i + 1, $"event {i + 1} of {account} has sequence {events[i].Sequence}");
    }

    private void CheckDeposits(ActorId account, List<Deposited> events, Dictionary<string, AnsweredDeposit> answered)
    {
        var stored = events.Where(happened => happened.Request is not null).ToLookup(happened => happened.Request!);
        foreach (var request in stored.Where(request => !answered.ContainsKey(request.Key)))
            _faults.Add($"{account} has deposit {request.Key}, which nobody made");
        foreach (var deposit in answered.Values)
        {
            var found = stored[deposit.Request].ToList();
            if (deposit.Balance is null)
                Must(
                    found.Count == 0 && Sum(events) + deposit.Amount > AccountBehavior.Full,
                    $"{deposit} was refused, is there {found.Count} times, and the account has {Sum(events)}"
                );
            else
                Must(
                    found is [{ } only]
                        && only.Amount == deposit.Amount
                        && Sum(events.Where(happened => happened.Sequence <= only.Sequence)) == deposit.Balance,
                    $"{deposit} is there {found.Count} times: {string.Join(", ", found)}"
                );
        }
    }

    private void CheckBonuses(ActorId account, List<Deposited> events)
    {
        var bonuses = events.Where(happened => happened.Request is null).ToLookup(happened => happened.BonusFor);
        foreach (var deposit in events.Where(happened => happened.Request is not null))
            Must(
                bonuses[deposit.Sequence].Count() == 1,
                $"{account} has {bonuses[deposit.Sequence].Count()} bonuses for {deposit}"
            );
        Must(
            bonuses.Count == events.Count(happened => happened.Request is not null),
            $"{account} has bonuses for deposits that nobody made"
        );
    }

    private static long Sum(IEnumerable<Deposited> events) => events.Sum(happened => happened.Amount);

    private void Must(bool holds, string otherwise)
    {
        if (!holds)
            _faults.Add(otherwise);
    }
}
