using GroupBuyActors.Hosting;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>How long what is over is kept: <c>GroupBuy:Retention:{kind}</c>, a duration each.</summary>
internal static class RetentionSettings
{
    public static RetentionOptions Read(SettingsReader retention)
    {
        var options = new RetentionOptions();
        retention.Allow([.. options.Settings.Keys]);
        foreach (var (name, set) in options.Settings)
            if (retention.DurationIfSet(name) is { } kept)
                set(kept);
        foreach (var (name, fault) in options.Faults())
            retention.Fault(name, fault);
        return options;
    }
}
