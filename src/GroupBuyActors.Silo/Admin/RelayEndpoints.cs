using GroupBuyActors.Client;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Streams;

namespace GroupBuyActors.Silo.Admin;

/// <summary>
/// Routes of parked groups, whose next event was rejected by the event publisher: list, retry, skip the event.
/// </summary>
internal static class RelayEndpoints
{
    // The name of the only publisher of this release; groups parked earlier are listed even if it is not configured.
    private const string Sink = "kafka";

    public static void MapRelay(this IEndpointRouteBuilder admin)
    {
        admin
            .MapGet("/relay/parked", ListAsync)
            .Requires(Operation.Administer)
            .Describe("List groups whose next event was rejected by the event publisher, by id")
            .Answers<PageDocument<ParkedGroupDocument>>(200)
            .Refuses(400);
        admin
            .MapPost("/relay/parked/{groupId}/retry", RetryAsync)
            .Requires(Operation.Administer)
            .Describe("Retry the rejected event, once the cause of the rejection is fixed")
            .Answers<ParkedGroupDocument>(200)
            .Refuses(400, 404);
        admin
            .MapPost("/relay/parked/{groupId}/skip", SkipAsync)
            .Requires(Operation.Administer)
            .Describe("Skip the rejected event and continue with the next one; consumers see a gap")
            .Answers<ParkedGroupDocument>(200)
            .Refuses(400, 404);
    }

    private static Task<IResult> ListAsync(
        string? after,
        string? limit,
        HttpContext context,
        IBlockedActorStore blockedActors
    )
    {
        var query = new Query(context);
        var (pageToken, size) = (query.Text("after"), query.Limit());
        return query.PageAsync(
            () => blockedActors.ParkedAsync(Sink, pageToken, size, context.RequestAborted),
            page =>
                JsonAnswer.Of(
                    new PageDocument<ParkedGroupDocument>(
                        [.. page.Items.Where(row => row.Actor.Group is not null).Select(Document)],
                        page.Next
                    )
                )
        );
    }

    private static Task<IResult> RetryAsync(
        string groupId,
        HttpContext context,
        IBlockedActorStore blockedActors,
        Audit audit
    ) =>
        ReleaseAsync(
            groupId,
            context,
            audit,
            "relay.retry",
            group => blockedActors.RetryAsync(Sink, group.Actor, context.RequestAborted)
        );

    private static Task<IResult> SkipAsync(
        string groupId,
        HttpContext context,
        IBlockedActorStore blockedActors,
        Audit audit
    ) =>
        ReleaseAsync(
            groupId,
            context,
            audit,
            "relay.skip",
            group => blockedActors.SkipAsync(Sink, group.Actor, context.RequestAborted)
        );

    private static async Task<IResult> ReleaseAsync(
        string groupId,
        HttpContext context,
        Audit audit,
        string action,
        Func<GroupId, Task<BlockedActorRow?>> release
    )
    {
        var query = new Query(context);
        var group = query.Group(groupId);
        var (_, problem) = await RequestKeys.OfBodilessAsync(context);
        if (problem is not null)
            return problem;
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        if (await release(group) is not { } parked)
            return NotParked;
        await audit.WriteAsync(context, action, group.Value, $"event {parked.Sequence}: {parked.Reason}");
        return JsonAnswer.Of(Document(parked));
    }

    private static Problem NotParked =>
        new(
            StatusCodes.Status404NotFound,
            "relay.not_parked",
            "The group is not parked",
            "No event of this group is rejected; it may already have been released."
        );

    private static ParkedGroupDocument Document(BlockedActorRow row) =>
        new(row.Actor.Group!.Value, row.Sequence, row.Reason ?? "", row.Since);
}
