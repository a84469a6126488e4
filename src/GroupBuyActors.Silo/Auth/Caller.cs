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

    /// <summary>
    /// A voucher's code is shown to the buyer whose it is and to operators; to others it would be as good as the goods.
    /// </summary>
    public bool SeesVouchersOf(string userId) => Role == Role.Operator || (Role == Role.Buyer && Subject == userId);

    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The route has no access rule.");
}

/// <summary>What a request proves about who sent it.</summary>
/// <param name="Caller">Who it is; null where it proves nobody.</param>
/// <param name="IsLimited">It was not looked at, for too many wrong ones came before.</param>
internal readonly record struct Identity(Caller? Caller, bool IsLimited)
{
    public static Identity Nobody => default;

    public static Identity Limited => new(null, true);

    public static Identity Of(Caller caller) => new(caller, false);
}

/// <summary>Finds out who calls. One implementation a mode; a token issuer is another.</summary>
internal interface IAuthenticator
{
    ValueTask<Identity> AuthenticateAsync(HttpContext context);
}

/// <summary>
/// <see cref="AuthMode.Open"/>: whoever reaches a loopback address is the operator of the machine. Pages of other
/// origins, which reach it through the operator's browser, are kept out by <see cref="CrossOriginRule"/>.
/// </summary>
internal sealed class OpenAuthenticator : IAuthenticator
{
    public ValueTask<Identity> AuthenticateAsync(HttpContext context) => ValueTask.FromResult(Identity.Of(Caller.Open));
}
