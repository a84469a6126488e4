using System.Globalization;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Primitives;

namespace GroupBuyActors.Silo.Auth;

/// <summary>The operation of a route; a route without it is open to anyone (health, metrics, the start page).</summary>
internal sealed record AccessMetadata(Operation Operation);

/// <summary>
/// Applies <see cref="AccessRules"/>: role and merchant before the handler, a buyer's orders within it.
/// </summary>
internal static class Access
{
    public static TBuilder Requires<TBuilder>(this TBuilder builder, Operation operation)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new AccessMetadata(operation)));
        return builder;
    }

    // Each in a header line of its own, because browsers do not read a second challenge in a line. Browsers only
    // support the last one and ask their user for it, which is useful only for a page that is opened by its address.
    private static readonly StringValues Challenges = new([
        "ApiKey realm=\"GroupBuyActors\"",
        "Bearer realm=\"GroupBuyActors\"",
    ]);
    private static readonly StringValues PageChallenges = StringValues.Concat(
        Challenges,
        "Basic realm=\"GroupBuyActors\", charset=\"UTF-8\""
    );

    /// <summary>
    /// Authenticates the caller of a route with an operation, and refuses roles and merchants that may not call it.
    /// </summary>
    public static void UseAccessRules(this WebApplication app)
    {
        var authenticator = app.Services.GetRequiredService<IAuthenticator>();
        app.Use(
            async (context, next) =>
            {
                if (context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>() is { } access)
                {
                    var identity = await authenticator.AuthenticateAsync(context);
                    var denied = identity.Caller is { } caller
                        ? Denied(caller, access.Operation, context.Request.RouteValues)
                        : Unknown(context, identity, access.Operation);
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

    /// <summary>Why this caller may not do this, as far as its role and the path decide; null if it may.</summary>
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

    /// <summary>Why this caller may not act for a buyer; null if it may.</summary>
    public static Problem? DeniedUser(HttpContext context, string userId) =>
        OnlyOwnAsBuyer(context, out var caller) && caller.Subject != userId
            ? Problems.Forbidden("A buyer can act only for itself.")
            : null;

    /// <summary>
    /// Why this caller may not use an order; null if it may. The order is read first only for a buyer.
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

    /// <summary>The only merchant whose groups the caller may list; null if it may list all.</summary>
    public static long? OnlyMerchant(HttpContext context) =>
        Caller.Of(context) is { Role: Role.Merchant } caller
            ? long.Parse(caller.Subject, NumberStyles.None, CultureInfo.InvariantCulture)
            : null;

    private static bool OnlyOwnAsBuyer(HttpContext context, out Caller caller)
    {
        caller = Caller.Of(context);
        var access = context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>();
        return caller.Role == Role.Buyer
            && access is not null
            && AccessRules.Of(caller.Role, access.Operation) == Reach.Own;
    }

    // The ids of groups, orders and vouchers begin with their merchant; the handler refuses other texts as malformed.
    private static string? MerchantOf(RouteValueDictionary route)
    {
        foreach (var name in (ReadOnlySpan<string>)["groupId", "orderId", "voucherCode"])
            if (route.TryGetValue(name, out var value) && value is string text && text.IndexOf('.') is var dot and > 0)
                return text[..dot];
        return null;
    }
}
