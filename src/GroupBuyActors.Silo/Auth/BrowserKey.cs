using System.Net.Http.Headers;
using System.Text;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// A key for pages that a browser opens by their address, where nobody can add a header: the password of basic
/// authentication, or a cookie that the start page asks for (<c>POST /session</c>). Taken on the dashboard alone, which
/// changes nothing: browsers send both by themselves.
/// </summary>
internal static class BrowserKey
{
    private const string Cookie = "groupbuy-key",
        Place = "/dashboard";

    /// <summary>The secret, or null where there is none or the address is no such page.</summary>
    public static string? Read(HttpContext context)
    {
        var mark = context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>();
        if (mark is not { Operation: Operation.ViewDashboard })
            return null;
        return Password(context.Request.Headers.Authorization.ToString()) ?? context.Request.Cookies[Cookie];
    }

    /// <summary>Lets the browser keep it until it is closed, out of scripts' reach.</summary>
    public static void Keep(HttpContext context, string secret) =>
        context.Response.Cookies.Append(Cookie, secret, Options(context));

    /// <summary>Has the browser forget it.</summary>
    public static void Forget(HttpContext context) => context.Response.Cookies.Delete(Cookie, Options(context));

    private static CookieOptions Options(HttpContext context) =>
        new()
        {
            HttpOnly = true,
            IsEssential = true,
            Path = Place,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
        };

    // The user's name before the colon is of no importance: the key says who it is.
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
