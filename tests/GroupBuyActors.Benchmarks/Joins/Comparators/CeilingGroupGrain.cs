using GroupBuyActors.Groups;

namespace GroupBuyActors.Benchmarks.Joins;

/// <summary>
/// A group that keeps nothing: what an Orleans call with the join's own messages costs, and so the ceiling of any join.
/// </summary>
[Alias("groupbuy.bench.ICeilingGroupGrain")]
public interface ICeilingGroupGrain : IGrainWithStringKey
{
    /// <summary>Answers a join from memory.</summary>
    [Alias("Join")]
    Task<Reply<OrderView>> Join(JoinGroup command);
}

/// <inheritdoc cref="ICeilingGroupGrain"/>
internal sealed class CeilingGroupGrain : Grain, ICeilingGroupGrain
{
    private GroupId _id;
    private int _orders;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _id = GroupId.Parse(this.GetPrimaryKeyString(), null);
        return Task.CompletedTask;
    }

    public Task<Reply<OrderView>> Join(JoinGroup command) =>
        Task.FromResult(
            StockGroupState.Answer(StockGroupState.Place(_id, ++_orders, command, DateTimeOffset.UtcNow), _orders)
        );
}
