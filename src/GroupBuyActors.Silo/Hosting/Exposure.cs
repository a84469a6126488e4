using GroupBuyActors.Silo.Auth;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Warns at start about settings that are right for a trial and wrong in production: none of it is a fault of the
/// settings, all of it is easily missed.
/// </summary>
internal static class Exposure
{
    public static void Report(SiloSettings settings, IEnumerable<string> bound, ILogger log)
    {
        if (settings.Auth.Mode == AuthMode.Open)
            return;
        if (settings.Ports.Payments.BaseUrl is null)
            HostLog.SandboxPays(log);
        var plain = LoopbackRule.Beyond(
            bound.Where(url => url.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
        );
        if (plain.Count > 0)
            HostLog.Unencrypted(log, string.Join(", ", plain));
    }
}
