using GroupBuyActors.Client;
using GroupBuyActors.Testing.Silos;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;

[assembly: AssemblyFixture(typeof(GroupBuyActors.Silo.Tests.TestSilo))]

namespace GroupBuyActors.Silo.Tests;

/// <summary>
/// A real silo in this process on a SQLite file of its own, shared by all tests: each takes a merchant and codes of its
/// own.
/// </summary>
public class TestSilo : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-http-").FullName;
    private readonly string[] _settings;
    private WebApplication? _app;
    private static long _merchant = 1000;

    public TestSilo()
        : this([]) { }

    protected TestSilo(string[] settings) => _settings = settings;

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    public HttpClient Http { get; private set; } = new();

    public string DataFile => Path.Combine(_directory, "groupbuy.db");

    public IServiceProvider Services =>
        _app?.Services ?? throw new InvalidOperationException("The silo has not started.");

    internal Api Api => new(Http);

    public GroupBuyClient Client => new(Http);

    public async ValueTask InitializeAsync()
    {
        _app = SiloHost.Build([.. Arguments(_directory), .. _settings]);
        await SiloHost.StartAsync(_app, CancellationToken.None);
        Url = new Uri(_app.Urls.First());
        Http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(60) };
    }

    public virtual async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A merchant that no other test uses.</summary>
    public static long NewMerchant() => Interlocked.Increment(ref _merchant);

    /// <summary>A group of a merchant that no other test uses.</summary>
    public static GroupId NewGroup() => GroupId.Parse($"{NewMerchant()}.SH-PUDONG.tea-1");

    /// <summary>The settings of a silo on free ports with its data in a directory.</summary>
    public static string[] Arguments(string directory)
    {
        var ports = LoopbackPorts.Draw(2);
        return
        [
            "--urls",
            "http://127.0.0.1:0",
            "--ConnectionStrings:GroupBuy",
            $"Data Source={Path.Combine(directory, "groupbuy.db")}",
            "--GroupBuy:Cluster:SiloPort",
            $"{ports[0]}",
            "--GroupBuy:Cluster:GatewayPort",
            $"{ports[1]}",
            "--Logging:LogLevel:Default",
            "Warning",
        ];
    }
}
