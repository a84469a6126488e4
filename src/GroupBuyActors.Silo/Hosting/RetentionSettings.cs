using GroupBuyActors.Hosting;
using GroupBuyActors.Silo.Sandbox;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>How long what is over is kept: <c>GroupBuy:Retention:{kind}</c>, a duration each.</summary>
internal static class RetentionSettings
{
    private const string SandboxCalls = "SandboxCalls";

    public static RetentionOptions Read(SettingsReader retention)
    {
        var options = new RetentionOptions();
        retention.Allow([.. options.Settings.Keys, SandboxCalls]);
        foreach (var (name, set) in options.Settings)
            if (retention.DurationIfSet(name) is { } kept)
                set(kept);
        foreach (var (name, fault) in options.Faults())
            retention.Fault(name, fault);
        return options;
    }

    /// <summary>What the sandbox keeps is set beside the rest, whether or not there is a sandbox.</summary>
    public static SandboxRetention ReadSandbox(SettingsReader retention)
    {
        if (retention.DurationIfSet(SandboxCalls) is not { } kept)
            return SandboxRetention.Default;
        foreach (var (name, fault) in RetentionOptions.Outside(SandboxCalls, kept, daysMin: 1))
            retention.Fault(name, fault);
        return new SandboxRetention(kept);
    }
}
