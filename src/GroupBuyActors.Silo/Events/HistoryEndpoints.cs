using System.Globalization;
using GroupBuyActors.Client;
using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Reading;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Events;

/// <summary>Routes of a group's events: page by page, and live.</summary>
internal static class HistoryEndpoints
{
    public static void MapHistory(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/groups/{groupId}").WithTags("Events");
        group
            .MapGet("/history", ListAsync)
            .Requires(Operation.ReadHistory)
            .Describe("Read the group's events, oldest first")
            .Answers<HistoryDocument>(200)
            .Refuses(400, 404);
        group
            .MapGet("/events", StreamAsync)
            .Requires(Operation.ReadHistory)
            .WithMetadata(new StreamingAnswer())
            .Describe("Follow the group's events live, as server-sent events")
            .Refuses(400, 404, 429)
            .Produces<HistoryItem>(200, EventStream.ContentType);
    }

    private static async Task<IResult> ListAsync(
        string groupId,
        string? after,
        string? limit,
        HttpContext context,
        GroupCalls groups,
        IActorReader reader
    )
    {
        var query = new Query(context);
        var (group, from, size) = (query.Group(groupId), query.Sequence() ?? 0, query.Limit());
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        if (await MissingAsync(group, context, groups) is { } missing)
            return missing;
        // One row more than requested shows whether there is a next page.
        var rows = await reader.HistoryAsync(group.Actor, from, size + 1, context.RequestAborted);
        var items = rows.Take(size).Select(Item).ToArray();
        var next = rows.Count > size ? items[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null;
        return JsonAnswer.Of(new HistoryDocument(items, next, RemovedThrough(from, items)));
    }

    private static async Task<IResult> StreamAsync(
        string groupId,
        string? after,
        HttpContext context,
        GroupCalls groups,
        EventStream stream
    )
    {
        var query = new Query(context);
        var group = query.Group(groupId);
        var from = query.Sequence() ?? 0;
        // A browser that reconnects sends its first address and the last event that it has seen; the latter is newer.
        if (context.Request.Headers.TryGetValue("Last-Event-ID", out var last) && last.ToString().Length > 0)
        {
            if (Query.TryParseSequence(last.ToString(), out var seen))
                from = seen;
            else
                query.Errors.Add("Last-Event-ID", "A sequence must be a whole number, 0 or more.");
        }

        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        if (await MissingAsync(group, context, groups) is { } missing)
            return missing;
        return await stream.TryWriteAsync(context, group, from)
            ? Results.Empty
            : Problem.Of(
                RefusalCode.RateLimited,
                "Too many event streams are open on this silo. Try again later, or read the history instead."
            );
    }

    /// <summary>
    /// The last removed event: sequences have no gaps, so events missing before an item were removed by retention.
    /// </summary>
    private static long? RemovedThrough(long after, HistoryItem[] items)
    {
        long? removed = null;
        foreach (var item in items)
        {
            if (item.Sequence != after + 1)
                removed = item.Sequence - 1;
            after = item.Sequence;
        }

        return removed;
    }

    internal static HistoryItem Item(JournalRow row) =>
        new(row.Sequence, row.Type, row.Time, JournalPayload.DataElement(row.Type, row.Version, row.Payload));

    private static async Task<Problem?> MissingAsync(GroupId group, HttpContext context, GroupCalls groups)
    {
        var reply = await groups.CallAsync(group, grain => grain.Get(), context.RequestAborted);
        return reply.Succeeded ? null : Problem.Of(reply.Refusal);
    }
}
