using System.Globalization;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Slots;

/// <summary>
/// The list of pending tasks over several databases (<see cref="TaskLists"/> says what it guarantees): first all by due
/// time, merged, then those that were moved since the list began, one database after the other. Moves have the time of
/// their database, so the list begins at the earliest of their times and ends at the latest; databases whose clocks
/// differ make it list more tasks twice, and leave none out.
/// </summary>
internal sealed class MergedTaskList(SlotStores stores)
{
    public async Task<Page<TimedTask>> PageAsync(
        TaskFilter filter,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        if (MovedPosition.TryRead(after) is { } moved)
            return await MovedAsync(filter, moved, limit, cancellation).ConfigureAwait(false);
        var pageToken = TaskListToken.Read(after);
        if (pageToken is { IsMoved: true })
            throw new FormatException("The page token is not valid for this list.");
        var begun =
            pageToken?.Bound
            ?? (await stores.AllAsync(store => store.TaskLists.NowAsync(cancellation)).ConfigureAwait(false)).Min();
        var pages = await stores
            .AllAsync(store => store.TaskLists.ByDueAsync(filter, pageToken, begun, limit, cancellation))
            .ConfigureAwait(false);
        var page = ByDue(begun).Page(pages, limit);
        return page.Next is null
            ? await WithMovedAsync(filter, page, begun, limit, cancellation).ConfigureAwait(false)
            : page;
    }

    private static KeysetMerge<TimedTask, (long Instant, string Id)> ByDue(long begun) =>
        new(
            task => (task.Key.Due.ToUnixTimeMilliseconds(), task.Key.Id),
            token => TaskListToken.Read(token) is var (_, _, due, id) ? (due, id) : default,
            position => new TaskListToken(false, begun, position.Instant, position.Id).ToString(),
            KeysetOrder.Latest
        );

    private async Task<Page<TimedTask>> WithMovedAsync(
        TaskFilter filter,
        Page<TimedTask> last,
        long begun,
        int limit,
        CancellationToken cancellation
    )
    {
        var ended = (
            await stores.AllAsync(store => store.TaskLists.NowAsync(cancellation)).ConfigureAwait(false)
        ).Max();
        var start = new MovedPosition(0, begun, TaskLists.MovedSince(begun, ended));
        var moved = await MovedAsync(filter, start, Math.Max(1, limit - last.Items.Count), cancellation)
            .ConfigureAwait(false);
        return TaskLists.FilledUp(last, moved, start.ToString(), limit);
    }

    private async Task<Page<TimedTask>> MovedAsync(
        TaskFilter filter,
        MovedPosition from,
        int limit,
        CancellationToken cancellation
    )
    {
        var found = new List<TimedTask>();
        for (var position = from; position.Store < stores.All.Count; position = position.NextStore())
        {
            if (found.Count == limit)
                return new Page<TimedTask>(found, position.ToString());
            var page = await stores
                .All[position.Store]
                .TaskLists.MovedAsync(filter, position.Token, limit - found.Count, cancellation)
                .ConfigureAwait(false);
            found.AddRange(page.Items);
            if (page.Next is not null)
                return new Page<TimedTask>(
                    found,
                    (position with { Token = TaskListToken.Read(page.Next)!.Value }).ToString()
                );
        }

        return new Page<TimedTask>(found, null);
    }

    /// <summary>A position among the moved tasks.</summary>
    /// <param name="Store">The number of the database.</param>
    /// <param name="Begun">When the list began.</param>
    /// <param name="Token">The position in that database.</param>
    private readonly record struct MovedPosition(int Store, long Begun, TaskListToken Token)
    {
        private const string List = "tasks-moved-in";

        public MovedPosition NextStore() => new(Store + 1, Begun, TaskLists.MovedSince(Begun, Token.Bound));

        public override string ToString() =>
            PageToken.Write(
                List,
                Token.At,
                string.Create(CultureInfo.InvariantCulture, $"{Store}:{Begun}:{Token.Bound}:{Token.Id}")
            );

        /// <summary>Null for a page token of another list.</summary>
        public static MovedPosition? TryRead(string? pageToken)
        {
            if (PageToken.NameOf(pageToken) != List || PageToken.Read(List, pageToken) is not var (at, id))
                return null;
            var parts = id.Split(':', 4);
            return
                parts.Length == 4
                && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var store)
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var begun)
                && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var bound)
                ? new MovedPosition(store, begun, new TaskListToken(true, bound, at, parts[3]))
                : throw new FormatException("The page token is not valid for this list.");
        }
    }
}
