using System.Globalization;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary>
/// Where a page of pending tasks ended. A list goes through the tasks by due, and then through those that have moved
/// since it began: a task given a later due meanwhile would otherwise lie behind the page that has passed.
/// </summary>
/// <param name="IsMoved">True in the list's second part.</param>
/// <param name="Bound">In the first part, when the list began; in the second, the last move that it goes through. The
/// database's clock.</param>
/// <param name="At">The last row's due, or when it moved; milliseconds.</param>
/// <param name="Id">The last row's task.</param>
internal readonly record struct TaskListToken(bool IsMoved, long Bound, long At, string Id)
{
    private const string ByDue = "tasks",
        ByMove = "tasks-moved";

    public override string ToString() =>
        PageToken.Write(IsMoved ? ByMove : ByDue, At, string.Create(CultureInfo.InvariantCulture, $"{Bound}:{Id}"));

    /// <summary>Reads a mark; null is the start. Throws <see cref="FormatException"/> where it is none.</summary>
    public static TaskListToken? Read(string? pageToken)
    {
        if (PageToken.Read([ByDue, ByMove], pageToken) is not var (list, at, id))
            return null;
        var colon = id.IndexOf(':');
        return
            colon > 0
            && long.TryParse(id.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var bound)
            ? new TaskListToken(list == ByMove, bound, at, id[(colon + 1)..])
            : throw new FormatException("The page token is not valid for this list.");
    }

    public static TaskListToken Of(TimedTask task, long begun) =>
        new(false, begun, task.Key.Due.ToUnixTimeMilliseconds(), task.Key.Id);
}
