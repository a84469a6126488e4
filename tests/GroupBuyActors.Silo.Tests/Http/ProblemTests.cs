using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Tests.Http;

public sealed class ProblemTests
{
    [Fact]
    public void EveryTemporaryRefusalSaysWhenToTryAgainExceptThoseOfAPort()
    {
        var saying = Enum.GetValues<RefusalCode>()
            .Select(code => (Code: code, Problem: Problem.Of(code, "Not now.")))
            .Where(refused => refused.Problem.Status is 503 or 429)
            .ToList();
        Assert.Equal(4, saying.Count);
        Assert.All(
            saying,
            refused =>
                Assert.Equal(
                    refused.Code is not (RefusalCode.InventoryUnavailable or RefusalCode.PaymentsUnavailable),
                    refused.Problem.RetryAfterSeconds is > 0
                )
        );
    }
}
