using System.Net;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster;

/// <summary>The binary as people start it.</summary>
public sealed class StartUpTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-start-").FullName;

    [Fact]
    public async Task TheDemoEndsWithZeroIfAllWentAsTold()
    {
        await using var demo = SiloProcess.Launch(
            SiloSettings.Draw("demo", _directory) with
            {
                Arguments = ["demo", "--exit"],
            }
        );
        var status = await demo.WaitForExitAsync(TimeSpan.FromSeconds(90));
        Assert.True(
            status == 0,
            $"The demo ended with {status?.ToString() ?? "nothing after 90 s"}.\n{demo.Tail(200)}"
        );
    }

    [Fact]
    public async Task OpenModeIsRefusedBeyondLoopback()
    {
        var settings = SiloSettings.Draw("open", _directory);
        await using var silo = SiloProcess.Launch(
            settings with
            {
                Environment = new Dictionary<string, string?>
                {
                    ["ASPNETCORE_URLS"] = $"http://0.0.0.0:{settings.HttpPort}",
                },
            }
        );
        var status = await silo.WaitForExitAsync(TimeSpan.FromSeconds(30));
        Assert.True(status is not (null or 0), $"It ended with {status?.ToString() ?? "nothing"}.\n{silo.Tail()}");
        Assert.Contains("loopback", silo.Tail(), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Settings and static files lie beside the binary, data in the working directory: a start elsewhere finds both.
    /// </summary>
    [Fact]
    public async Task ASiloRunsFromAnyWorkingDirectoryAndKeepsItsDataThere()
    {
        var elsewhere = Path.Combine(_directory, "some where", "else");
        await using var silo = await SiloProcess.StartAsync(
            SiloSettings.Draw("elsewhere", elsewhere) with
            {
                Environment = new Dictionary<string, string?>
                {
                    ["ConnectionStrings__GroupBuy"] = null,
                    ["GroupBuy__Storage__Provider"] = null,
                },
            }
        );
        using var http = new HttpClient { BaseAddress = silo.Address };
        foreach (
            var page in (string[])
                ["/", "/openapi/v1.json", "/metrics", "/health/live", "/health/ready", "/dashboard", "/scalar"]
        )
        {
            using var answer = await http.GetAsync(page);
            Assert.True(
                answer.StatusCode == HttpStatusCode.OK,
                $"{page} answered {(int)answer.StatusCode}.\n{silo.Tail()}"
            );
        }
        Assert.True(
            File.Exists(Path.Combine(elsewhere, "data", "groupbuy.db")),
            "There is no data/groupbuy.db in the working directory."
        );
    }

    [Fact]
    public async Task ASiloThatIsToldToStopEndsWithZero()
    {
        await using var silo = await SiloProcess.StartAsync(SiloSettings.Draw("stopped", _directory));
        var status = await silo.StopAsync(TimeSpan.FromSeconds(30));
        Assert.True(status == 0, $"It ended with {status?.ToString() ?? "nothing after 30 s"}.\n{silo.Tail()}");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
