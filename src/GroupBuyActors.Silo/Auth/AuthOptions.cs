using System.Globalization;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo.Auth;

/// <summary>How callers authenticate.</summary>
internal enum AuthMode
{
    /// <summary>Not at all; allowed only if every bound address is a loopback address.</summary>
    Open,

    /// <summary>By a secret whose hash is in the settings.</summary>
    ApiKey,
}

/// <summary>Settings of authentication (<c>GroupBuy:Auth</c>).</summary>
internal sealed record AuthOptions(AuthMode Mode, IReadOnlyList<ApiKey> Keys)
{
    /// <summary>
    /// Reads <c>Mode</c> and <c>Keys:{name} = {role}:{hash}</c>. The role is <c>operator</c>, <c>payments</c>,
    /// <c>buyer/{userId}</c> or <c>merchant/{merchantId}</c>; without a user or merchant id the key's name is that id.
    /// The hash is the SHA-256 of the secret in hexadecimal.
    /// </summary>
    public static AuthOptions Read(SettingsReader auth)
    {
        var settings = auth.Bind<AuthSettings>();
        var keys = settings
            .Keys.Select(key => ApiKey.Read(key.Key, key.Value, text => auth.Fault($"Keys:{key.Key}", text)))
            .OfType<ApiKey>()
            .ToArray();
        if (settings is { Mode: AuthMode.ApiKey, Keys.Count: 0 })
            auth.Fault("Keys", "must have at least one key in mode ApiKey");
        return new AuthOptions(settings.Mode, keys);
    }

    private sealed record AuthSettings
    {
        public AuthMode Mode { get; init; } = AuthMode.Open;

        public IReadOnlyDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>();
    }
}

/// <summary>An API key: the caller that it authenticates, and the SHA-256 of its secret.</summary>
internal sealed record ApiKey(Caller Caller, byte[] Hash)
{
    public static ApiKey? Read(string name, string value, Action<string> fault)
    {
        var colon = value.LastIndexOf(':');
        if (colon <= 0)
        {
            fault("must be {role}:{SHA-256 of the secret in hexadecimal}");
            return null;
        }

        var caller = ReadCaller(name, value[..colon], fault);
        if (TryReadHash(value.AsSpan(colon + 1), out var hash))
            return caller is null ? null : new ApiKey(caller, hash);
        fault("must end with the SHA-256 of the secret, 64 hexadecimal digits");
        return null;
    }

    private static Caller? ReadCaller(string name, string text, Action<string> fault)
    {
        var slash = text.IndexOf('/');
        var role = slash < 0 ? text : text[..slash];
        var subject = slash < 0 ? name : text[(slash + 1)..];
        switch (role.ToLowerInvariant())
        {
            case "operator" when slash < 0:
                return new Caller(name, Role.Operator);
            case "payments" when slash < 0:
                return new Caller(name, Role.Payments);
            case "buyer" when TextRules.IsId(subject, 128):
                return new Caller(name, Role.Buyer, subject);
            case "merchant"
                when long.TryParse(subject, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0:
                return new Caller(name, Role.Merchant, id.ToString(CultureInfo.InvariantCulture));
            case "merchant":
                fault("must name the merchant, as merchant/10042 or by the key's name 10042");
                return null;
            default:
                fault("must have the role operator, payments, buyer/{userId} or merchant/{merchantId}");
                return null;
        }
    }

    private static bool TryReadHash(ReadOnlySpan<char> text, out byte[] hash)
    {
        hash = new byte[32];
        return text.Length == 64
            && Convert.FromHexString(text, hash, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
