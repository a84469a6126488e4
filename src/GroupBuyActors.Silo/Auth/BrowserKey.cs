using System.Net.Http.Headers;
using System.Text;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// The API key of a page that a browser opens by its address and that therefore has no header for it: the password of
/// basic authentication, or a cookie that the start page requests (<c>POST /session</c>). Accepted only for the
/// dashboard, which changes nothing, because browsers send both automatically.
/// </summary>
internal static class BrowserKey
{
    private const string Cookie = "groupbuy-key",
        CookiePath = "/dashboard";

    /// <summary>The secret, or null if there is none or if the route is not the dashboard's.</summary>
    public static string? Read(HttpContext context)
    {
        var access = context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>();
        if (access is not { Operation: Operation.ViewDashboard })
            return null;
        return Password(context.Request.Headers.Authorization.ToString()) ?? context.Request.Cookies[Cookie];
    }

    /// <summary>Stores the secret in a session cookie that scripts cannot read.</summary>
    public static void Store(HttpContext context, string secret) =>
        context.Response.Cookies.Append(Cookie, secret, Options(context));

    /// <summary>Removes the cookie.</summary>
    public static void Remove(HttpContext context) => context.Response.Cookies.Delete(Cookie, Options(context));

    private static CookieOptions Options(HttpContext context) =>
        new()
        {
            HttpOnly = true,
            IsEssential = true,
            Path = CookiePath,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
        };

    // The user name before the colon is ignored: the key identifies the caller.
    private static string? Password(string authorization)
    {
        if (!AuthenticationHeaderValue.TryParse(authorization, out var sent) || sent.Parameter is null)
            return null;
        if (!sent.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            return null;
        Span<byte> bytes = new byte[sent.Parameter.Length];
        if (!Convert.TryFromBase64String(sent.Parameter, bytes, out var length))
            return null;
        var text = Encoding.UTF8.GetString(bytes[..length]);
        return text.IndexOf(':') is var colon and >= 0 ? text[(colon + 1)..] : null;
    }
}
