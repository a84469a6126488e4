using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;

namespace GroupBuyActors.Silo.Orders;

/// <summary>Routes for reading, cancelling, paying and refunding orders.</summary>
internal static class OrderEndpoints
{
    private const int ReasonLengthMax = 500;

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/v1/orders/{orderId}").WithTags("Orders");
        orders
            .MapGet("", GetAsync)
            .Requires(Operation.ReadOrder)
            .Describe("Read an order")
            .Answers<OrderDocument>(200)
            .Refuses(400, 404);
        orders
            .MapDelete("", CancelAsync)
            .Requires(Operation.CancelOrder)
            .HonoursKey()
            .Describe("Cancel an order before payment")
            .Answers<OrderDocument>(200)
            .Refuses(400, 404, 409);
        orders
            .MapPost("/payments", PayAsync)
            .Requires(Operation.ReportPayment)
            .Describe("Report a payment result; 202 means accepted to be refunded", typeof(PaymentDocument))
            .Answers<OrderDocument>(200, 202)
            .Refuses(400, 404, 422, 503);
        orders
            .MapPost("/refunds", RefundAsync)
            .Requires(Operation.RequestRefund)
            .Describe("Request a refund", typeof(RefundDocument))
            .Answers<OrderDocument>(202)
            .Refuses(400, 404, 409, 422);
    }

    private static async Task<IResult> GetAsync(string orderId, HttpContext context, GroupCalls groups)
    {
        var query = new Query(context);
        var order = query.Order(orderId);
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        if (await Access.DeniedOrderAsync(context, order, groups) is { } denied)
            return denied;
        var reply = await groups.CallAsync(
            order.Group,
            grain => grain.GetOrder(order.Number),
            context.RequestAborted,
            missing: RefusalCode.OrderNotFound
        );
        return reply.ToResult(OrderDocuments.For(context));
    }

    private static async Task<IResult> CancelAsync(string orderId, HttpContext context, GroupCalls groups)
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        return problem
            ?? await AnswerAsync(
                orderId,
                new Query(context),
                body,
                context,
                groups,
                (grain, number, key) => grain.CancelOrder(number, key)
            );
    }

    private static async Task<IResult> PayAsync(string orderId, HttpContext context, GroupCalls groups)
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var query = new Query(context);
        var (paymentId, amount) = PaymentFields.Read(body.Fields(query.Errors));
        var trusted = Caller.Of(context).IsTrustedWithPayments;
        return await AnswerAsync(
            orderId,
            query,
            body,
            context,
            groups,
            (grain, number, key) => grain.Pay(new PayOrder(number, paymentId, amount, trusted, key)),
            asksPort: true
        );
    }

    private static async Task<IResult> RefundAsync(string orderId, HttpContext context, GroupCalls groups)
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var query = new Query(context);
        var fields = body.Fields(query.Errors, optional: true);
        var reason = fields.Text("reason");
        if (reason is { Length: > 0 } && !TextRules.IsText(reason, ReasonLengthMax))
            fields.Fault("reason", $"The reason must have at most {ReasonLengthMax} characters.");
        return await AnswerAsync(
            orderId,
            query,
            body,
            context,
            groups,
            (grain, number, key) => grain.RequestRefund(new RequestRefund(number, reason, key))
        );
    }

    private static async Task<IResult> AnswerAsync(
        string orderId,
        Query query,
        RequestBody body,
        HttpContext context,
        GroupCalls groups,
        Func<IGroupGrain, int, RequestKey, Task<Reply<OrderView>>> call,
        bool asksPort = false
    )
    {
        var order = query.Order(orderId);
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        if (await Access.DeniedOrderAsync(context, order, groups) is { } denied)
            return denied;
        var (key, problem) = RequestKeys.Of(context, body);
        if (problem is not null)
            return problem;
        var reply = await groups.CallAsync(
            order.Group,
            grain => call(grain, order.Number, key),
            context.RequestAborted,
            asksPort,
            RefusalCode.OrderNotFound
        );
        return reply.ToResult(OrderDocuments.For(context), OrderDocuments.Location);
    }
}
