namespace GroupBuyActors.Silo.Http;

/// <summary>The page at <c>/</c>: static files beside the binary; its script calls the API.</summary>
internal static class StartPage
{
    public static void UseStartPage(this WebApplication app)
    {
        app.UseDefaultFiles();
        app.UseStaticFiles(
            new StaticFileOptions
            {
                OnPrepareResponse = static served =>
                {
                    var headers = served.Context.Response.Headers;
                    headers.ContentSecurityPolicy =
                        "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
                    headers.XContentTypeOptions = "nosniff";
                    // So that a browser does not use the page of an older release.
                    headers.CacheControl = "no-cache";
                },
            }
        );
    }
}
