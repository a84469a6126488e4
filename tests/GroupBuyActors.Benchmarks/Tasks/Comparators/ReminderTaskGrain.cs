namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>Something to happen later as Orleans has it out of the box: a reminder in its AdoNet table.</summary>
[Alias("groupbuy.bench.IReminderTaskGrain")]
public interface IReminderTaskGrain : IGrainWithStringKey
{
    /// <summary>Registers a reminder.</summary>
    [Alias("Schedule")]
    Task Schedule(string name, TimeSpan after);
}

/// <inheritdoc cref="IReminderTaskGrain"/>
internal sealed class ReminderTaskGrain : Grain, IReminderTaskGrain, IRemindable
{
    public Task Schedule(string name, TimeSpan after) =>
        this.RegisterOrUpdateReminder(name, after, TimeSpan.FromDays(1));

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (await this.GetReminder(reminderName) is { } reminder)
            await this.UnregisterReminder(reminder);
    }
}
