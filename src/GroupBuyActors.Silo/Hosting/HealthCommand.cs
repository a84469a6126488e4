namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Asks the silo with the same settings whether it is ready: a health check for images without a shell and curl.
/// </summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder()
            .SetBasePath(AppContext.BaseDirectory)
            .AddJsonFile("appsettings.json", optional: true)
            .AddEnvironmentVariables("ASPNETCORE_")
            .AddEnvironmentVariables()
            .AddCommandLine(args)
            .Build();
        try
        {
            // The certificate is for the service's name and not for loopback, which is called here.
            using var own = new HttpClientHandler();
            own.ServerCertificateCustomValidationCallback =
                HttpClientHandler.DangerousAcceptAnyServerCertificateValidator;
            using var http = new HttpClient(own) { Timeout = Timeout };
            using var answer = await http.GetAsync(
                new Uri(Address(SiloSettings.ReadUrls(configuration)[0]), "/health/ready")
            );
            var text = (await answer.Content.ReadAsStringAsync()).Trim();
            await (answer.IsSuccessStatusCode ? Console.Out : Console.Error).WriteLineAsync(text);
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or FormatException)
        {
            await Console.Error.WriteLineAsync($"not ready: {e.Message}");
            return 1;
        }
    }

    // A silo that listens on every address is called on loopback.
    internal static Uri Address(string url)
    {
        var address = BindingAddress.Parse(url);
        var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "127.0.0.1" : address.Host;
        return new Uri($"{address.Scheme}://{host}:{address.Port}");
    }
}
