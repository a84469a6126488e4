namespace GroupBuyActors.Silo.Http;

/// <summary>The page at <c>/</c>: static files beside the binary, which ask the API themselves.</summary>
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
                    // A new release must not run with the page of the old one.
                    headers.CacheControl = "no-cache";
                },
            }
        );
    }
}
