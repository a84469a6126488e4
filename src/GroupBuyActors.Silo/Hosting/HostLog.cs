namespace GroupBuyActors.Silo.Hosting;

/// <summary>Log messages about the start and the stop, and about settings that are right for a trial only.</summary>
internal static partial class HostLog
{
    [LoggerMessage(7010, LogLevel.Information, "Serving {Urls} as {Role} {Name}")]
    public static partial void Serving(ILogger log, string urls, string role, string name);

    [LoggerMessage(
        7011,
        LogLevel.Warning,
        "Payments go to the sandbox, where a buyer with a key can pay its own orders without money; "
            + "set GroupBuy__Payments__BaseUrl to the payment provider's address"
    )]
    public static partial void SandboxPays(ILogger log);

    [LoggerMessage(
        7012,
        LogLevel.Information,
        "API keys are sent unencrypted to {Urls}: allow only a proxy that terminates TLS to reach it, "
            + "or set an https address in ASPNETCORE_URLS "
            + "and the certificate's files in Kestrel__Certificates__Default__Path and __KeyPath"
    )]
    public static partial void Unencrypted(ILogger log, string urls);

    [LoggerMessage(
        7013,
        LogLevel.Error,
        "The silo could not stop within {Seconds:F0} s and exits; other silos take over what it had left"
    )]
    public static partial void NotStopped(ILogger log, double seconds);
}
