using Microsoft.AspNetCore.Http.Features;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// HEAD is GET without the answer's body, which the server leaves out by itself. So it is routed, allowed and answered
/// as GET, wherever there is one; only what would go on writing must know.
/// </summary>
internal sealed class HeadRequest
{
    private static readonly HeadRequest Mark = new();

    public static void Read(IFeatureCollection features)
    {
        if (features.Get<IHttpRequestFeature>() is not { } request || !HttpMethods.IsHead(request.Method))
            return;
        request.Method = HttpMethods.Get;
        features.Set(Mark);
    }

    /// <summary>True where nobody reads the answer's body.</summary>
    public static bool Is(HttpContext context) => context.Features.Get<HeadRequest>() is not null;
}
