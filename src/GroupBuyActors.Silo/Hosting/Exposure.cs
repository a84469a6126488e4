using GroupBuyActors.Silo.Auth;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Says at start what is right for a trial and wrong for a shop: none of it is a fault of the settings, all of it is
/// easily missed.
/// </summary>
internal static class Exposure
{
    public static void Tell(SiloSettings settings, IEnumerable<string> bound, ILogger log)
    {
        if (settings.Auth.Mode == AuthMode.Open)
            return;
        if (settings.Ports.Payments.BaseUrl is null)
            ExposureLog.SandboxPays(log);
        var plain = LoopbackRule.Beyond(
            bound.Where(url => url.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
        );
        if (plain.Count > 0)
            ExposureLog.Unencrypted(log, string.Join(", ", plain));
    }
}

internal static partial class ExposureLog
{
    [LoggerMessage(
        7022,
        LogLevel.Warning,
        "Payments go to the sandbox, where a buyer with a key can pay its own orders without money; "
            + "set GroupBuy__Payments__BaseUrl to the payment provider's address"
    )]
    public static partial void SandboxPays(ILogger logger);

    [LoggerMessage(
        7023,
        LogLevel.Information,
        "API keys are sent unencrypted to {Urls}: allow only a proxy that terminates TLS to reach it, or set an https address in ASPNETCORE_URLS "
            + "and the certificate's files in Kestrel__Certificates__Default__Path and __KeyPath"
    )]
    public static partial void Unencrypted(ILogger logger, string urls);
}
