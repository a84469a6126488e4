using System.Globalization;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Primitives;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// Marks a route with what it does; a route without is open to anyone (health, metrics, the page itself).
/// </summary>
internal sealed record AccessMetadata(Operation Operation);

/// <summary>Applies <see cref="AccessRules"/>: role and merchant before the handler, a buyer's orders in it.</summary>
internal static class Access
{
    public static TBuilder Requires<TBuilder>(this TBuilder builder, Operation operation)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new AccessMetadata(operation)));
        return builder;
    }

    // Each in a line of its own: browsers read no second challenge in a line. They know the last alone, and offer it to
    // their user, which is of use only for a page that is opened by its address.
    private static readonly StringValues Challenges = new([
        "ApiKey realm=\"GroupBuyActors\"",
        "Bearer realm=\"GroupBuyActors\"",
    ]);
    private static readonly StringValues PageChallenges = StringValues.Concat(
        Challenges,
        "Basic realm=\"GroupBuyActors\", charset=\"UTF-8\""
    );

    /// <summary>
    /// Finds out who calls a marked route and refuses roles and merchants that have no business there.
    /// </summary>
    public static void UseAccessRules(this WebApplication app)
    {
        var authenticator = app.Services.GetRequiredService<IAuthenticator>();
        app.Use(
            async (context, next) =>
            {
                if (context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>() is { } mark)
                {
                    var identity = await authenticator.AuthenticateAsync(context);
                    var denied = identity.Caller is { } caller
                        ? Denied(caller, mark.Operation, context.Request.RouteValues)
                        : Unknown(context, identity, mark.Operation);
                    if (denied is not null)
                    {
                        await denied.ExecuteAsync(context);
                        return;
                    }

                    context.Features.Set(identity.Caller);
                }

                await next(context);
            }
        );
    }

    private static Problem Unknown(HttpContext context, Identity identity, Operation operation)
    {
        if (identity.IsLimited)
            return Problems.TooManyKeys;
        context.Response.Headers.WWWAuthenticate = operation == Operation.ViewDashboard ? PageChallenges : Challenges;
        return Problems.NotAuthenticated;
    }

    /// <summary>Why this caller may not do this, as far as role and path tell; null where it may.</summary>
    internal static Problem? Denied(Caller caller, Operation operation, RouteValueDictionary route)
    {
        var reach = AccessRules.Of(caller.Role, operation);
        if (reach == Reach.None)
            return Problems.Forbidden(
                $"The role {caller.Role.ToString().ToLowerInvariant()} is not permitted to do this."
            );
        return
            reach == Reach.Own
            && caller.Role == Role.Merchant
            && MerchantOf(route) is { } merchant
            && merchant != caller.Subject
            ? Problems.Forbidden("This group belongs to another merchant.")
            : null;
    }

    /// <summary>Why this caller may not act for a buyer; null where it may.</summary>
    public static Problem? DeniedUser(HttpContext context, string userId) =>
        OnlyOwnAsBuyer(context, out var caller) && caller.Subject != userId
            ? Problems.Forbidden("A buyer can act only for itself.")
            : null;

    /// <summary>
    /// Why this caller may not touch an order; null where it may. Only for a buyer the order is read first.
    /// </summary>
    public static async ValueTask<Problem?> DeniedOrderAsync(HttpContext context, OrderId order, GroupCalls groups)
    {
        if (!OnlyOwnAsBuyer(context, out var caller))
            return null;
        var reply = await groups.CallAsync(
            order.Group,
            grain => grain.GetOrder(order.Number),
            context.RequestAborted,
            missing: RefusalCode.OrderNotFound
        );
        if (!reply.Succeeded)
            return Problem.Of(reply.Refusal);
        return reply.Value.UserId == caller.Subject ? null : Problems.Forbidden("This order belongs to another buyer.");
    }

    /// <summary>The merchant a merchant's list is limited to; null where the caller may list all.</summary>
    public static long? OnlyMerchant(HttpContext context) =>
        Caller.Of(context) is { Role: Role.Merchant } caller
            ? long.Parse(caller.Subject, NumberStyles.None, CultureInfo.InvariantCulture)
            : null;

    private static bool OnlyOwnAsBuyer(HttpContext context, out Caller caller)
    {
        caller = Caller.Of(context);
        var mark = context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>();
        return caller.Role == Role.Buyer
            && mark is not null
            && AccessRules.Of(caller.Role, mark.Operation) == Reach.Own;
    }

    // Group, order and voucher all begin with their merchant; what is none of them is refused by the handler as
    // malformed.
    private static string? MerchantOf(RouteValueDictionary route)
    {
        foreach (var name in (ReadOnlySpan<string>)["groupId", "orderId", "voucherCode"])
            if (route.TryGetValue(name, out var value) && value is string text && text.IndexOf('.') is var dot and > 0)
                return text[..dot];
        return null;
    }
}
