using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Silo.Orders;

namespace GroupBuyActors.Silo.Vouchers;

/// <summary>
/// Routes for redeeming vouchers and revoking redemptions. A malformed code gets the same answer as an unknown one.
/// </summary>
internal static class VoucherEndpoints
{
    public static void MapVouchers(this IEndpointRouteBuilder routes)
    {
        var redemption = routes.MapGroup("/v1/vouchers/{voucherCode}/redemption").WithTags("Vouchers");
        redemption
            .MapPost("", RedeemAsync)
            .Requires(Operation.RedeemVoucher)
            .Describe("Redeem a voucher")
            .Answers<OrderDocument>(200)
            .Refuses(404, 409, 422);
        redemption
            .MapDelete("", RevokeAsync)
            .Requires(Operation.RevokeRedemption)
            .HonoursKey()
            .Describe("Revoke a redemption")
            .Answers<OrderDocument>(200)
            .Refuses(404, 409);
    }

    private static async Task<IResult> RedeemAsync(string voucherCode, HttpContext context, GroupCalls groups)
    {
        var (key, problem) = await RequestKeys.OfBodilessAsync(context);
        return problem ?? await AnswerAsync(voucherCode, context, groups, (grain, code) => grain.Redeem(code, key));
    }

    private static async Task<IResult> RevokeAsync(string voucherCode, HttpContext context, GroupCalls groups)
    {
        var (key, problem) = await RequestKeys.OfBodilessAsync(context);
        return problem
            ?? await AnswerAsync(voucherCode, context, groups, (grain, code) => grain.RevokeRedemption(code, key));
    }

    private static async Task<IResult> AnswerAsync(
        string voucherCode,
        HttpContext context,
        GroupCalls groups,
        Func<IGroupGrain, VoucherCode, Task<Reply<OrderView>>> call
    )
    {
        if (!VoucherCode.TryParse(voucherCode, out var code))
            return Unknown;
        var reply = await groups.CallAsync(code.Order.Group, grain => call(grain, code), context.RequestAborted);
        // The answer to an invented code must not reveal whether its group or order exists.
        return reply is { Refusal.Code: RefusalCode.GroupNotFound or RefusalCode.OrderNotFound }
            ? Unknown
            : reply.ToResult(OrderDocuments.For(context));
    }

    private static Problem Unknown => Problem.Of(RefusalCode.VoucherNotFound, "The voucher does not exist.");
}
