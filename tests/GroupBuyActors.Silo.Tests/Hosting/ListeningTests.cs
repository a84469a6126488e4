using System.Net;
using System.Net.Sockets;
using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Testing.Silos;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Silo.Tests.Hosting;

/// <summary>An open silo listens on loopback only, whatever names the address and whenever.</summary>
public sealed class ListeningTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-listen-").FullName;

    [Fact]
    public void UrlsThatArePreferredToEndpointsAreTheOnesLookedAt()
    {
        var port = LoopbackPorts.Draw();
        var fault = Assert.Throws<SettingsException>(() =>
            SiloHost.Build([
                .. TestSilo.Arguments(_directory),
                "--preferHostingUrls",
                "true",
                "--Kestrel:Endpoints:A:Url",
                "http://127.0.0.1:0",
                "--urls",
                $"http://0.0.0.0:{port}",
            ])
        );
        Assert.Contains($"http://0.0.0.0:{port} is not one", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Named in code, where no setting tells of it before it is bound.</summary>
    [Fact]
    public async Task AnAddressThatNoSettingNamedIsRefusedWhereItIsBound()
    {
        await using var app = SiloHost.Build(TestSilo.Arguments(_directory));
        app.Urls.Clear();
        app.Urls.Add("http://[::]:0");
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => SiloHost.StartAsync(app, CancellationToken.None));
        Assert.Contains("Open serves loopback addresses only", StartFault.Describe(fault), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEndpointThatIsAddedWhileItRunsIsBoundOnLoopbackOnly()
    {
        var ports = LoopbackPorts.Draw(3);
        await using var app = SiloHost.Build([
            .. TestSilo.Arguments(_directory),
            "--Kestrel:Endpoints:A:Url",
            $"http://127.0.0.1:{ports[0]}",
        ]);
        using var log = new LogLines();
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        await SiloHost.StartAsync(app, TestContext.Current.CancellationToken);
        Add(app, "B", $"http://127.0.0.1:{ports[1]}");
        await Api.Until(() => Task.FromResult(Listens(ports[1])));

        Add(app, "C", $"http://0.0.0.0:{ports[2]}");
        await Api.Until(() =>
            Task.FromResult(
                Listens(ports[2])
                    || log.Lines.Any(line => line.Contains("Open serves loopback", StringComparison.Ordinal))
            )
        );
        Assert.False(Listens(ports[2]));
        Assert.True(Listens(ports[0]));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void AnOpenSilosOwnPortsStayOnLoopbackToo()
    {
        var fault = Assert.Throws<SettingsException>(() =>
            SiloHost.Build([
                .. TestSilo.Arguments(_directory),
                "--GroupBuy:Storage:Provider",
                "MySql",
                "--ConnectionStrings:GroupBuy",
                "Server=127.0.0.1;Database=z",
                "--GroupBuy:Cluster:AdvertisedAddress",
                "192.0.2.1",
            ])
        );
        Assert.Contains(
            "192.0.2.1 (GroupBuy__Cluster__AdvertisedAddress) is not one",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private static void Add(WebApplication app, string name, string url)
    {
        app.Configuration[$"Kestrel:Endpoints:{name}:Url"] = url;
        ((IConfigurationRoot)app.Configuration).Reload();
    }

    private static bool Listens(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
