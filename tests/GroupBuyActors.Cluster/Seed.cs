using System.Globalization;

namespace GroupBuyActors.Cluster;

/// <summary>The seed of a test with random choices: <c>GROUPBUY_SEED</c>, or one that the test prints.</summary>
internal static class Seed
{
    public static int Draw() =>
        int.TryParse(Environment.GetEnvironmentVariable("GROUPBUY_SEED"), CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Random.Shared.Next();
}
