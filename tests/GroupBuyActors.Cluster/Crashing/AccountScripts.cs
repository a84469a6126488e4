namespace GroupBuyActors.Cluster.Crashing;

/// <summary>The accounts whose steps are crashed at.</summary>
internal static class AccountScripts
{
    /// <summary>Two deposits with their bonuses, and one that is refused.</summary>
    public static async Task Rewarded(AccountPlay play)
    {
        await play.DepositAsync("first", 300);
        await play.DepositAsync("second", 200);
        await play.DepositAsync("too-much", 600);
        await play.RewardedAsync();
    }

    /// <summary>So many deposits that it leaves a snapshot behind as it goes to sleep, and one after it.</summary>
    public static async Task Slept(AccountPlay play)
    {
        await Task.WhenAll(Enumerable.Range(1, 40).Select(number => play.DepositAsync($"early-{number}", number)));
        await play.RewardedAsync();
        await play.SleepAsync();
        await play.DepositAsync("late", 10);
        await play.RewardedAsync();
    }
}
