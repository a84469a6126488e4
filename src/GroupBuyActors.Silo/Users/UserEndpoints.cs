using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Orders;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Silo.Users;

/// <summary>The route of a buyer's orders.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/users/{userId}/orders", ListOrdersAsync)
            .WithTags("Users")
            .Requires(Operation.ListUserOrders)
            .Describe("List a buyer's orders, newest first")
            .Answers<PageDocument<OrderDocument>>(200)
            .Refuses(400);

    private static Task<IResult> ListOrdersAsync(
        string userId,
        string? after,
        string? limit,
        HttpContext context,
        IGroupQueries queries
    )
    {
        var query = new Query(context);
        if (!TextRules.IsId(userId, 128))
            query.Errors.Add("userId", "The user id must have 1 to 128 printable characters.");
        else if (Access.DeniedUser(context, userId) is { } denied)
            return Task.FromResult<IResult>(denied);
        var (pageToken, size) = (query.Text("after"), query.Limit());
        return query.PageAsync(
            () => queries.UserOrdersAsync(userId, pageToken, size, context.RequestAborted),
            page =>
                JsonAnswer.Of(
                    new PageDocument<OrderDocument>([.. page.Items.Select(OrderDocuments.For(context))], page.Next)
                )
        );
    }
}
