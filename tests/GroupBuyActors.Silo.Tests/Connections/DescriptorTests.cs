using System.Net;
using GroupBuyActors.Silo.Connections;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Silo.Tests.Connections;

/// <summary>A process with few file descriptors, and more connections than those.</summary>
public sealed class DescriptorTests : IDisposable
{
    private const int Limit = 1_024,
        Idle = 1_200;
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-descriptors-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task IdleConnectionsEndNothingAndKeepNobodyOut()
    {
        var settings = SiloSettings.Draw("few", _directory) with { Through = Limited(Limit) };
        await using var silo = await SiloProcess.StartAsync(settings);
        using var sockets = new Sockets();
        for (var n = 0; n < Idle; n++)
            await sockets.TryOpenAsync(silo.Address);
        for (var n = 0; n < 200; n++)
            await sockets.TryOpenAsync(new Uri($"http://127.0.0.1:{settings.GatewayPort}"));
        for (var n = 0; n < 200; n++)
            await sockets.TryOpenAsync(new Uri($"http://127.0.0.1:{settings.SiloPort}"));

        using var http = new HttpClient { BaseAddress = silo.Address, Timeout = TimeSpan.FromSeconds(30) };
        var api = new Api(http);
        var group = TestSilo.NewGroup();
        await AnsweredAsync(api, silo, "/health/ready");
        // Whoever met a burst is told 503, and comes again.
        await AnsweredAsync(api, silo, "/v1/groups");
        await api.FulfilAsync(group);
        Assert.False(silo.HasExited, silo.Tail());

        var metrics = (await api.GetAsync("/metrics")).Text;
        // How many descriptors other things have open varies from one look to the next; the reserve is always left.
        Assert.InRange(Value(metrics, "connections_max"), ConnectionShare.Min, Limit - ConnectionShare.Reserve - 1);
        Assert.InRange(Value(metrics, "descriptors_open"), 1, Limit - 1);
        Assert.Equal(Limit, Value(metrics, "descriptors_max"));
        Assert.Contains("HTTP is limited to", silo.Tail(1_000), StringComparison.Ordinal);
        Assert.Equal(0, await silo.StopAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task ALimitTooLowToRunWithIsToldAtTheStart()
    {
        await using var silo = SiloProcess.Launch(
            SiloSettings.Draw("none", _directory) with
            {
                Through = Limited(400),
            }
        );
        Assert.Equal(1, await silo.WaitForExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("may open only 400 files and sockets", silo.Tail(), StringComparison.Ordinal);
    }

    private static string[] Limited(int descriptors) =>
        ["sh", "-c", "ulimit -n \"$0\" && exec \"$@\"", $"{descriptors}"];

    private static double Value(string metrics, string name) =>
        double.Parse(
            metrics
                .Split('\n')
                .Single(line =>
                    line.StartsWith(name + "{", StringComparison.Ordinal)
                    || line.StartsWith(name + " ", StringComparison.Ordinal)
                )
                .Split(' ')[1],
            System.Globalization.CultureInfo.InvariantCulture
        );

    private static async Task AnsweredAsync(Api api, SiloProcess silo, string path)
    {
        var (began, last) = (TimeProvider.System.GetTimestamp(), "");
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
        {
            try
            {
                var answer = await api.GetAsync(path);
                if (answer.Status == HttpStatusCode.OK)
                    return;
                last = answer.Text;
            }
            catch (HttpRequestException e)
            {
                last = e.Message;
            }

            await Task.Delay(
                TimeSpan.FromMilliseconds(100),
                TimeProvider.System,
                TestContext.Current.CancellationToken
            );
        }

        Assert.Fail($"{path} is not answered: {last}\n{silo.Tail()}");
    }
}
