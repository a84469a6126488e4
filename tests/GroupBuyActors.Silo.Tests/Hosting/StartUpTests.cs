using System.Net;
using System.Net.Sockets;
using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox;
using GroupBuyActors.Silo.Hosting;
using GroupBuyActors.Silo.Settings;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Hosting;

public sealed class StartUpTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-start-").FullName;

    [Theory]
    [InlineData("GroupBuy:Cluster:SiloPort", "GroupBuy__Cluster__SiloPort")]
    [InlineData("GroupBuy:Cluster:GatewayPort", "GroupBuy__Cluster__GatewayPort")]
    [InlineData("urls", "ASPNETCORE_URLS")]
    public async Task APortInUseIsToldWithTheSettingThatChangesIt(string setting, string told)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var app = SiloHost.Build([
            .. TestSilo.Arguments(_directory),
            $"--{setting}",
            setting == "urls" ? $"http://127.0.0.1:{port}" : $"{port}",
        ]);
        var fault = await Assert.ThrowsAsync<StartException>(() => SiloHost.StartAsync(app, CancellationToken.None));
        Assert.Contains($"{port} is in use by another process", fault.Message, StringComparison.Ordinal);
        Assert.Contains(told, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALivenessPortInUseIsToldWithTheSettingThatChangesIt()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        // The ports are checked before anything connects to the database.
        await using var app = SiloHost.Build([
            .. TestSilo.Arguments(_directory),
            "--GroupBuy:Storage:Provider=MySql",
            "--ConnectionStrings:GroupBuy=Server=127.0.0.1;Port=1;Database=none",
            $"--GroupBuy:Cluster:LivenessPort={port}",
        ]);
        var fault = await Assert.ThrowsAsync<StartException>(() => SiloHost.StartAsync(app, CancellationToken.None));
        Assert.Contains($"liveness port {port} is in use by another process", fault.Message, StringComparison.Ordinal);
        Assert.Contains("GroupBuy__Cluster__LivenessPort", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStreamEndsCleanlyWhenTheSiloStops()
    {
        var limit = TestContext.Current.CancellationToken;
        await using var app = SiloHost.Build([
            .. TestSilo.Arguments(_directory),
            "--Logging:LogLevel:Default",
            "Error",
        ]);
        await SiloHost.StartAsync(app, limit);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var group = TestSilo.NewGroup();
        (await new Api(http).PublishAsync(group)).Is(HttpStatusCode.Created);
        using var response = await http.GetAsync(
            $"/v1/groups/{group}/events?after=3",
            HttpCompletionOption.ResponseHeadersRead,
            limit
        );
        var rest = response.Content.ReadAsStringAsync(limit);
        await app.StopAsync(limit);
        Assert.Equal("", await rest);
    }

    [Fact]
    public void ADataDirectoryThatCannotBeMadeIsTold()
    {
        var file = Path.Combine(_directory, "file");
        File.WriteAllText(file, "");
        var fault = Assert.Throws<StartException>(() =>
            SiloHost.Build([
                .. TestSilo.Arguments(_directory),
                "--ConnectionStrings:GroupBuy",
                $"Data Source={file}/data/groupbuy.db",
            ])
        );
        Assert.Contains("is not writable", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADatabaseThatCannotBeReachedIsToldInOneSentence()
    {
        await using var app = SiloHost.Build([
            .. TestSilo.Arguments(_directory),
            "--GroupBuy:Storage:Provider",
            "MySql",
            "--ConnectionStrings:GroupBuy",
            "Server=127.0.0.1;Port=1;User ID=x;Password=y;Database=z;Connection Timeout=2",
        ]);
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => SiloHost.StartAsync(app, CancellationToken.None));
        var sentence = StartFault.Describe(fault);
        Assert.Contains("127.0.0.1:1", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', sentence);
    }

    [Fact]
    public async Task WithAServiceBehindEveryPortThereIsNoSandbox()
    {
        string[] services =
        [
            .. ((string[])["Inventory", "Payments", "Notices"]).SelectMany(port =>
                (string[])[$"--GroupBuy:{port}:BaseUrl", $"http://{port}.example.com/v1"]
            ),
        ];
        await using var app = SiloHost.Build([.. TestSilo.Arguments(_directory), .. services]);
        Assert.Null(app.Services.GetService<SandboxControl>());
        Assert.Equal(
            ["HttpInventory", "HttpInventory", "HttpPayments", "HttpPayments", "HttpNotices"],
            (
                (Type[])
                    [
                        typeof(IInventory),
                        typeof(IStockBooks),
                        typeof(IPayments),
                        typeof(IPaymentBooks),
                        typeof(INotices),
                    ]
            ).Select(port => app.Services.GetRequiredService(port).GetType().Name)
        );
        var routes = ((IEndpointRouteBuilder)app)
            .DataSources.SelectMany(source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Select(endpoint => endpoint.RoutePattern.RawText!)
            .ToList();
        Assert.Contains(routes, route => route.StartsWith("/v1/groups", StringComparison.Ordinal));
        Assert.DoesNotContain(routes, route => route.StartsWith("/v1/sandbox", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MaskedHeadersFollowTheConfigurationWhileItRuns()
    {
        await using var app = SiloHost.Build(TestSilo.Arguments(_directory));
        var masked = app.Services.GetRequiredService<SiloSettings>().Ports.MaskedHeaders;
        Assert.True(masked.Covers("X-SSN"));
        app.Configuration["GroupBuy:Logging:MaskedHeaders"] = "X-Phone";
        ((IConfigurationRoot)app.Configuration).Reload();
        Assert.Equal(
            (true, false, true),
            (masked.Covers("X-Phone"), masked.Covers("X-SSN"), masked.Covers("Authorization"))
        );
    }

    [Theory]
    [InlineData("http://0.0.0.0:8080", "http://127.0.0.1:8080/")]
    [InlineData("http://*:81", "http://127.0.0.1:81/")]
    [InlineData("http://[::]:81", "http://127.0.0.1:81/")]
    [InlineData("http://localhost:8080", "http://localhost:8080/")]
    public void TheHealthCommandAsksOnLoopbackWhatListensEverywhere(string url, string asked) =>
        Assert.Equal(asked, HealthCommand.Address(url).ToString());

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }
}
