using GroupBuyActors.Silo.Hosting;
using Microsoft.Extensions.Configuration;

namespace GroupBuyActors.Silo.Tests.Hosting;

/// <summary>What is told at start of a service that is more open than a shop's should be.</summary>
public sealed class ExposureTests
{
    private const string Key = "operator:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    private readonly LogLines _log = new();

    [Fact]
    public void BuyersWhoCanPayAtTheSandboxAreToldOf()
    {
        Report(["http://127.0.0.1:8080"], ("GroupBuy:Auth:Mode", "ApiKey"), ("GroupBuy:Auth:Keys:ops", Key));
        Assert.StartsWith(
            "Payments go to the sandbox, where a buyer",
            Assert.Single(_log.Lines),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void KeysThatCrossANetworkUnencryptedAreToldOf()
    {
        Report(
            ["http://[::]:8080", "https://[::]:8443", "http://localhost:1"],
            ("GroupBuy:Auth:Mode", "ApiKey"),
            ("GroupBuy:Auth:Keys:ops", Key),
            ("GroupBuy:Payments:BaseUrl", "https://pay.example.com")
        );
        Assert.StartsWith(
            "API keys are sent unencrypted to http://[::]:8080: ",
            Assert.Single(_log.Lines),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void AnOpenServiceOnLoopbackIsNoCauseForWords()
    {
        Report(["http://127.0.0.1:8080"]);
        Assert.Empty(_log.Lines);
    }

    private void Report(string[] bound, params (string Name, string? Value)[] settings) =>
        Exposure.Report(
            SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary()).Build()),
            bound,
            _log
        );
}
