using Microsoft.AspNetCore.Http.Features;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// HEAD is GET without the answer's body, which the server omits by itself. So HEAD is routed, authorised and answered
/// as GET; only endless answers must check for it.
/// </summary>
internal sealed class HeadRequest
{
    private static readonly HeadRequest Instance = new();

    public static void Read(IFeatureCollection features)
    {
        if (features.Get<IHttpRequestFeature>() is not { } request || !HttpMethods.IsHead(request.Method))
            return;
        request.Method = HttpMethods.Get;
        features.Set(Instance);
    }

    /// <summary>True if the request is HEAD.</summary>
    public static bool Is(HttpContext context) => context.Features.Get<HeadRequest>() is not null;
}
