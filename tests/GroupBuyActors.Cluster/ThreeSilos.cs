using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>Three silos on a database, for tests that leave them as they found them.</summary>
public sealed class ThreeSilos : IAsyncLifetime
{
    /// <summary>The silos.</summary>
    internal TestedSystem System { get; private set; } = null!;

    public async ValueTask InitializeAsync() => System = await TestedSystem.OnMariaDbAsync(3);

    public ValueTask DisposeAsync() => System.DisposeAsync();
}
