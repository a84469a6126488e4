using GroupBuyActors.Admin;
using GroupBuyActors.Client;
using GroupBuyActors.Membership;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Gateways;
using GroupBuyActors.Silo.Groups;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Silo.Admin;

/// <summary>Routes for operators, except those about tasks.</summary>
internal static class AdminEndpoints
{
    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/v1/admin").WithTags("Admin").RunsOnSilos();
        admin
            .MapGet("/shards", ShardsAsync)
            .Requires(Operation.Administer)
            .Describe("List shards with owner, epoch and backlog")
            .Answers<PageDocument<ShardDocument>>(200);
        admin
            .MapGet("/cluster", ClusterAsync)
            .Requires(Operation.Administer)
            .Describe("List the silos of the cluster")
            .Answers<ClusterDocument>(200);
        admin
            .MapGet("/audit", AuditAsync)
            .Requires(Operation.Administer)
            .Describe("Read the audit log: who changed what, newest first")
            .Answers<PageDocument<AuditDocument>>(200)
            .Refuses(400);
        admin
            .MapPost("/groups/{groupId}/settle", SettleAsync)
            .Requires(Operation.Administer)
            .Describe("Re-evaluate a stuck group and repair its tasks")
            .Answers<GroupDocument>(200)
            .Refuses(400, 404, 422);
        admin.MapTasks();
        admin.MapDeadLetters();
        admin.MapPolicies();
        admin.MapReconciliation();
        admin.MapRelay();
    }

    private static async Task<IResult> ShardsAsync(HttpContext context, ClusterReport report)
    {
        var shards = await report.ShardsAsync(context.RequestAborted);
        return JsonAnswer.Of(new PageDocument<ShardDocument>(shards));
    }

    private static async Task<IResult> ClusterAsync(HttpContext context, ClusterReport report)
    {
        var silos = await report.SilosAsync(context.RequestAborted);
        return JsonAnswer.Of(new ClusterDocument(silos));
    }

    private static Task<IResult> AuditAsync(string? after, string? limit, HttpContext context, IGroupQueries queries)
    {
        var query = new Query(context);
        var (pageToken, size) = (query.Text("after"), query.Limit());
        return query.PageAsync(
            () => queries.AuditTrailAsync(pageToken, size, context.RequestAborted),
            page => JsonAnswer.Of(new PageDocument<AuditDocument>(page.Items, page.Next))
        );
    }

    private static async Task<IResult> SettleAsync(string groupId, HttpContext context, GroupCalls groups, Audit audit)
    {
        var query = new Query(context);
        var group = query.Group(groupId);
        var (key, problem) = await RequestKeys.OfBodilessAsync(context);
        if (problem is not null)
            return problem;
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        var reply = await groups.CallAsync(group, grain => grain.Settle(key), context.RequestAborted);
        if (reply is { Succeeded: true, Replayed: false })
            await audit.WriteAsync(context, "group.settle", group.Value);
        return reply.ToResult(GroupDocuments.Of);
    }
}
