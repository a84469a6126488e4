using System.Diagnostics;

namespace GroupBuyActors.Hosting;

/// <summary>The source of this service's own spans.</summary>
internal static class Tracing
{
    /// <summary>The name to subscribe to.</summary>
    public const string SourceName = "GroupBuyActors";

    internal static readonly ActivitySource Source = new(SourceName);
}
