namespace GroupBuyActors.Silo.Auth;

/// <summary>What a caller may be.</summary>
internal enum Role
{
    /// <summary>Own orders only.</summary>
    Buyer,
    /// <summary>Own groups only.</summary>
    Merchant,
    /// <summary>The payment service: its results are believed.</summary>
    Payments,
    /// <summary>Everything.</summary>
    Operator,
}

/// <summary>Who is calling.</summary>
/// <param name="Name">Of the key; part of the scope of idempotency keys and named in the audit log.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Subject">The buyer's user id or the merchant's id; empty for the others.</param>
internal sealed record Caller(string Name, Role Role, string Subject = "")
{
    /// <summary>Everyone, where the service is open on loopback.</summary>
    public static Caller Open { get; } = new("open", Role.Operator);

    /// <summary>Its payment results are believed without asking the provider.</summary>
    public bool IsTrustedWithPayments => Role is Role.Payments or Role.Operator;

    /// <summary>A voucher's code is shown to the buyer whose it is and to operators; to others it would be as good as the goods.</summary>
    public bool SeesVouchersOf(string userId) => Role == Role.Operator || (Role == Role.Buyer && Subject == userId);

    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The route has no access rule.");
}

/// <summary>Finds out who calls. One implementation a mode; a token issuer is another.</summary>
internal interface IAuthenticator
{
    /// <summary>The caller, or null where the request proves none.</summary>
    ValueTask<Caller?> AuthenticateAsync(HttpContext context);
}

/// <summary>
/// <see cref="AuthMode.Open"/>: whoever reaches a loopback address is the operator of the machine, except a page of another site that
/// sends a change through the operator's browser: browsers mark that.
/// </summary>
internal sealed class OpenAuthenticator : IAuthenticator
{
    public ValueTask<Caller?> AuthenticateAsync(HttpContext context) =>
        ValueTask.FromResult(!HttpMethods.IsGet(context.Request.Method) && context.Request.Headers["Sec-Fetch-Site"] == "cross-site" ? null : Caller.Open);
}
