using System.Globalization;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tasks;

/// <summary> The end of a page of pending tasks. A list reads the tasks by due time, and then those that were moved
/// since it began, because a task that gets a later due time meanwhile would otherwise be in none of the pages.
/// </summary> <param name="IsMoved">True in the second part of the list.</param> <param name="Bound">In the first part,
/// when the list began; in the second, the time of the last move that it includes. By the database's clock, in
/// milliseconds.</param> <param name="At">The last row's due time, or the time of its move, in milliseconds.</param>
/// <param name="Id">The last row's task id.</param>
internal readonly record struct TaskListToken(bool IsMoved, long Bound, long At, string Id)
{
    private const string ByDue = "tasks",
        ByMove = "tasks-moved";

    public override string ToString() =>
        PageToken.Write(IsMoved ? ByMove : ByDue, At, string.Create(CultureInfo.InvariantCulture, $"{Bound}:{Id}"));

    /// <summary>Reads a page token; null is the start. Throws <see cref="FormatException"/> if it is invalid.</summary>
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
