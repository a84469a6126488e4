using GroupBuyActors.Silo.Auth;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>
/// Logs settings at the start that are right for a trial but wrong in production, and easily overlooked.
/// </summary>
internal static class Exposure
{
    public static void Report(SiloSettings settings, IEnumerable<string> bound, ILogger log)
    {
        if (settings.Auth.Mode == AuthMode.Open)
            return;
        if (settings.Ports.Payments.BaseUrl is null)
            HostLog.SandboxPays(log);
        var plain = LoopbackRule.NonLoopback(
            bound.Where(url => url.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
        );
        if (plain.Count > 0)
            HostLog.Unencrypted(log, string.Join(", ", plain));
    }
}
