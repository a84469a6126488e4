using System.Data.Common;
using System.Globalization;
using System.Runtime.InteropServices;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Reading;
using Orleans.Concurrency;

namespace GroupBuyActors.Groups;

/// <summary>
/// See <see cref="IGroupQueryGrain"/>. Each read is bounded in time, so that a store that hangs is told.
/// </summary>
[StatelessWorker, Reentrant]
internal sealed class GroupQueryGrain(IGroupQueries queries, IActorReader reader, TimeProvider time)
    : Grain,
        IGroupQueryGrain
{
    private const int LimitMax = 500;
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    public Task<Reply<ListPage<GroupView>>> ListGroups(GroupListFilter filter, string? after, int limit)
    {
        if (filter.Region is { } region && !GroupId.IsRegion(region))
            return Task.FromResult(Invalid<GroupView>("region", "The region must be written like SH-PUDONG."));
        var stored = new GroupFilter(filter.MerchantId, filter.Region, filter.State);
        return PageAsync(limit, cancellation => queries.GroupsAsync(stored, after, limit, cancellation));
    }

    public Task<Reply<ListPage<OrderView>>> ListUserOrders(string userId, string? after, int limit) =>
        TextRules.IsId(userId, 128)
            ? PageAsync(limit, cancellation => queries.UserOrdersAsync(userId, after, limit, cancellation))
            : Task.FromResult(Invalid<OrderView>("userId", "The user id must have 1 to 128 printable characters."));

    public Task<Reply<ListPage<StoredEvent>>> ReadHistory(GroupId group, long after, int limit) =>
        after < 0
            ? Task.FromResult(Invalid<StoredEvent>("after", "A sequence must be 0 or more."))
            : PageAsync(limit, cancellation => HistoryAsync(group, after, limit, cancellation));

    private async Task<Page<StoredEvent>> HistoryAsync(
        GroupId group,
        long after,
        int limit,
        CancellationToken cancellation
    )
    {
        // One row more than requested shows whether there is a next page.
        var rows = await reader.HistoryAsync(group.Actor, after, limit + 1, cancellation);
        StoredEvent[] items = [.. rows.Take(limit).Select(EventOf)];
        return new Page<StoredEvent>(
            items,
            rows.Count > limit ? items[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null
        );
    }

    private static StoredEvent EventOf(JournalRow row) =>
        new(
            row.Sequence,
            row.Type,
            row.Time,
            JsonMarshal.GetRawUtf8Value(JournalPayload.DataElement(row.Type, row.Version, row.Payload)).ToArray()
        );

    private async Task<Reply<ListPage<T>>> PageAsync<T>(int limit, Func<CancellationToken, Task<Page<T>>> read)
    {
        if (limit is < 1 or > LimitMax)
            return Invalid<T>("limit", $"The limit must be between 1 and {LimitMax}.");
        using var bound = new CancellationTokenSource(ReadTimeout, time);
        try
        {
            var page = await read(bound.Token).WaitAsync(bound.Token);
            return new Reply<ListPage<T>> { Value = new ListPage<T>([.. page.Items], page.Next) };
        }
        catch (FormatException)
        {
            return Invalid<T>("after", "The page token is not valid.");
        }
        catch (Exception e) when (e is DbException or OperationCanceledException or TimeoutException or IOException)
        {
            throw new StoreUnavailableException("The database did not answer in time.", e);
        }
    }

    private static Reply<ListPage<T>> Invalid<T>(string field, string fault) =>
        new()
        {
            Refusal = new Refusal(RefusalCode.RequestInvalid, fault)
            {
                Errors = new Dictionary<string, string[]> { [field] = [fault] },
            },
        };
}
