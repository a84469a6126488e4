using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GroupBuyActors.Setting;

/// <summary>What a background loop needs to run without a silo.</summary>
internal static class Loops
{
    public static BackgroundContext NewContext(TimeProvider time, ILogger<BackgroundLoop>? log = null) =>
        new(new BackgroundMetrics(new NoMeters()), new IdGenerator(), time, log ?? NullLogger<BackgroundLoop>.Instance);
}
