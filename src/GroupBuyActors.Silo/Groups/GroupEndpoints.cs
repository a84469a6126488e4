using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Silo.Orders;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Silo.Groups;

/// <summary>Routes for publishing, reading, listing and ending groups, and for joining them.</summary>
internal static class GroupEndpoints
{
    public static void MapGroups(this IEndpointRouteBuilder routes)
    {
        var groups = routes.MapGroup("/v1/groups").WithTags("Groups");
        groups
            .MapPut("/{groupId}", PublishAsync)
            .Requires(Operation.PublishGroup)
            .HonoursKey()
            .Describe(
                "Publish a group; repeated with the same content, it returns the group as it is now",
                typeof(GroupTermsRequest)
            )
            .Answers<GroupDocument>(201, 200)
            .Refuses(400, 409, 422, 503);
        groups
            .MapGet("/{groupId}", GetAsync)
            .Requires(Operation.ReadGroup)
            .Describe("Read a group")
            .Answers<GroupDocument>(200)
            .Refuses(400, 404);
        groups
            .MapGet("", ListAsync)
            .Requires(Operation.ListGroups)
            .Describe("List groups, newest first")
            .Answers<PageDocument<GroupDocument>>(200)
            .Refuses(400);
        groups
            .MapDelete("/{groupId}", WithdrawAsync)
            .Requires(Operation.WithdrawGroup)
            .HonoursKey()
            .Describe("Withdraw a group before it succeeds")
            .Answers<GroupDocument>(200)
            .Refuses(400, 404, 409);
        groups
            .MapPost("/{groupId}/end-joining", EndJoiningAsync)
            .Requires(Operation.EndJoining)
            .Describe("End joining early, in state SUCCESS")
            .Answers<GroupDocument>(200)
            .Refuses(400, 404, 409, 422);
        groups
            .MapPost("/{groupId}/orders", JoinAsync)
            .Requires(Operation.Join)
            .Describe("Join a group: place an order", typeof(JoinDocument))
            .Answers<OrderDocument>(201)
            .Refuses(400, 404, 409, 422, 429, 503);
    }

    private static async Task<IResult> PublishAsync(string groupId, HttpContext context, GroupCalls groups)
    {
        var query = new Query(context);
        var group = query.Group(groupId);
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var termsRequest = TermsReader.Read(body.Fields(query.Errors), query.Errors);
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        var (key, keyProblem) = RequestKeys.Of(context, body);
        if (keyProblem is not null)
            return keyProblem;
        var reply = await groups.PublishAsync(group, termsRequest, key, context.RequestAborted);
        return reply.ToResult(GroupDocuments.Of, GroupDocuments.Location);
    }

    private static Task<IResult> GetAsync(string groupId, HttpContext context, GroupCalls groups) =>
        AnswerAsync(groupId, context, groups, grain => grain.Get());

    private static async Task<IResult> WithdrawAsync(string groupId, HttpContext context, GroupCalls groups)
    {
        var (key, problem) = await RequestKeys.OfBodilessAsync(context);
        return problem ?? await AnswerAsync(groupId, context, groups, grain => grain.Withdraw(key));
    }

    private static async Task<IResult> EndJoiningAsync(string groupId, HttpContext context, GroupCalls groups)
    {
        var (key, problem) = await RequestKeys.OfBodilessAsync(context);
        return problem ?? await AnswerAsync(groupId, context, groups, grain => grain.EndJoining(key));
    }

    private static Task<IResult> ListAsync(
        string? merchantId,
        string? region,
        string? state,
        string? after,
        string? limit,
        HttpContext context,
        IGroupQueries queries
    )
    {
        var query = new Query(context);
        var merchant = query.MerchantId();
        var filter = new GroupFilter(merchant, query.Region(), query.State());
        if (Access.OnlyMerchant(context) is { } own)
        {
            if (merchant is not null && merchant != own)
                return Task.FromResult<IResult>(Problems.Forbidden("A merchant can list only its own groups."));
            filter = filter with { MerchantId = own };
        }

        var (pageToken, size) = (query.Text("after"), query.Limit());
        return query.PageAsync(
            () => queries.GroupsAsync(filter, pageToken, size, context.RequestAborted),
            page => JsonAnswer.Of(new PageDocument<GroupDocument>([.. page.Items.Select(GroupDocuments.Of)], page.Next))
        );
    }

    private static async Task<IResult> JoinAsync(string groupId, HttpContext context, GroupCalls groups)
    {
        var query = new Query(context);
        var group = query.Group(groupId);
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var fields = body.Fields(query.Errors).Require("userId");
        var userId = fields.Text("userId");
        var quantity = fields.Int32("quantity") ?? 1;
        if (userId is not null && !TextRules.IsId(userId, 128))
            fields.Fault(
                "userId",
                "A user id must have 1 to 128 printable characters and must not be \".\" or \"..\"."
            );
        if (quantity < 1)
            fields.Fault("quantity", "The quantity must be at least 1.");
        if (query.Errors.Any || userId is null)
            return Problem.Invalid(query.Errors);
        if (Access.DeniedUser(context, userId) is { } denied)
            return denied;
        var (key, keyProblem) = RequestKeys.Of(context, body);
        if (keyProblem is not null)
            return keyProblem;
        var command = new JoinGroup(userId, quantity, key);
        var reply = await groups.CallAsync(group, grain => grain.Join(command), context.RequestAborted);
        return reply.ToResult(OrderDocuments.For(context), OrderDocuments.Location);
    }

    private static async Task<IResult> AnswerAsync(
        string groupId,
        HttpContext context,
        GroupCalls groups,
        Func<IGroupGrain, Task<Reply<GroupView>>> call
    )
    {
        var query = new Query(context);
        var group = query.Group(groupId);
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        var reply = await groups.CallAsync(group, call, context.RequestAborted);
        return reply.ToResult(GroupDocuments.Of, GroupDocuments.Location);
    }
}
