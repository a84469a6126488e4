namespace GroupBuyActors.Silo.Auth;

/// <summary>The role of a caller.</summary>
internal enum Role
{
    /// <summary>May use its own orders.</summary>
    Buyer,

    /// <summary>May use its own groups.</summary>
    Merchant,

    /// <summary>The payment service, whose payment results are trusted.</summary>
    Payments,

    /// <summary>May do everything.</summary>
    Operator,
}

/// <summary>An authenticated caller.</summary> <param name="Name">The name of the key; part of the scope of idempotency
/// keys, and written to the audit log.</param> <param name="Role">The caller's role.</param>
/// <param name="Subject">The buyer's user id or the merchant's id; empty for the others.</param>
internal sealed record Caller(string Name, Role Role, string Subject = "")
{
    /// <summary>Every caller of a service in mode <see cref="AuthMode.Open"/>.</summary>
    public static Caller Open { get; } = new("open", Role.Operator);

    /// <summary>True if its payment results are accepted without a query to the provider.</summary>
    public bool IsTrustedWithPayments => Role is Role.Payments or Role.Operator;

    /// <summary>
    /// A voucher's code is shown only to its buyer and to operators, because whoever knows it can redeem it.
    /// </summary>
    public bool SeesVouchersOf(string userId) => Role == Role.Operator || (Role == Role.Buyer && Subject == userId);

    public static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The route has no access rule.");
}

/// <summary>The result of authenticating a request.</summary> <param name="Caller">The caller; null if the request is
/// not authenticated.</param> <param name="IsLimited">True if the key was refused because too many wrong ones were sent
/// before.</param>
internal readonly record struct Identity(Caller? Caller, bool IsLimited)
{
    public static Identity Nobody => default;

    public static Identity Limited => new(null, true);

    public static Identity Of(Caller caller) => new(caller, false);
}

/// <summary>Authenticates requests; one implementation per mode.</summary>
internal interface IAuthenticator
{
    ValueTask<Identity> AuthenticateAsync(HttpContext context);
}

/// <summary>
/// <see cref="AuthMode.Open"/>: every caller that reaches a loopback address is an operator. Pages of other origins,
/// which reach it through the operator's browser, are refused by <see cref="CrossOriginRule"/>.
/// </summary>
internal sealed class OpenAuthenticator : IAuthenticator
{
    public ValueTask<Identity> AuthenticateAsync(HttpContext context) => ValueTask.FromResult(Identity.Of(Caller.Open));
}
