using GroupBuyActors.Hosting;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>How long expired data is kept (<c>GroupBuy:Retention:{kind}</c>), as durations.</summary>
internal sealed class RetentionSettings : RetentionOptions
{
    /// <summary>Calls that the sandbox counted, after the last one with the same key.</summary>
    public TimeSpan SandboxCalls { get; set; } = TimeSpan.FromDays(30);

    public static RetentionSettings Read(SettingsReader retention)
    {
        var settings = retention.Bind<RetentionSettings>();
        retention.Fault(settings.Faults());
        retention.Fault(Outside(nameof(SandboxCalls), settings.SandboxCalls, daysMin: 1));
        return settings;
    }
}
