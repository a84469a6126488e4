using System.Collections.Concurrent;
using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using WireMock;
using WireMock.ResponseBuilders;
using WireMock.Server;
using WireMock.Util;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>A service in this process, and the adapters that call it: each port below a path of its own.</summary>
internal sealed class TestService : IAsyncDisposable
{
    /// <summary>Everything here happens on this machine; what takes this long hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static readonly TimeSpan TryTimeout = TimeSpan.FromSeconds(8);

    public const string ReserveKey = "reserve:10042.SH-PUDONG.tea-1123:1";

    private readonly WireMockServer? _server;
    private readonly ServiceProvider _services;
    private readonly ConcurrentQueue<IRequestMessage> _requests = new();

    private TestService(
        WireMockServer? server,
        Uri address,
        TimeProvider time,
        Func<HttpPortOptions, HttpPortOptions> options,
        Func<HttpPorts, HttpPorts> ports,
        ILoggerProvider? logs
    )
    {
        _server = server;
        Address = address;
        var services = new ServiceCollection();
        services.AddSingleton(time);
        if (logs is not null)
            services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs));
        // Waits as short as they can be, and a breaker that stays out of the way of tests of other things.
        var quick = new HttpPortOptions
        {
            RetryDelay = TimeSpan.FromMilliseconds(1),
            BreakerCallsMin = 1_000,
            TryTimeout = TryTimeout,
        };
        services.AddGroupBuyHttpPorts(
            ports(
                new HttpPorts
                {
                    Inventory = options(quick with { BaseUrl = new Uri(address, "inventory") }),
                    Payments = options(quick with { BaseUrl = new Uri(address, "payments/v2/") }),
                    Notices = options(quick with { BaseUrl = new Uri(address, "notices/") }),
                }
            )
        );
        _services = services.BuildServiceProvider(
            new ServiceProviderOptions { ValidateScopes = true, ValidateOnBuild = true }
        );
    }

    public Uri Address { get; }

    public IServiceProvider Services => _services;

    public IInventory Inventory => _services.GetRequiredService<IInventory>();

    public IStockBooks StockBooks => _services.GetRequiredService<IStockBooks>();

    public IPayments Payments => _services.GetRequiredService<IPayments>();

    public IPaymentBooks PaymentBooks => _services.GetRequiredService<IPaymentBooks>();

    public INotices Notices => _services.GetRequiredService<INotices>();

    /// <summary>What was received, in order.</summary>
    public IReadOnlyList<IRequestMessage> Requests => [.. _requests];

    public static TestService New(
        TimeProvider? time = null,
        Func<HttpPortOptions, HttpPortOptions>? options = null,
        Func<HttpPorts, HttpPorts>? ports = null,
        ILoggerProvider? logs = null
    )
    {
        var server = WireMockServer.Start();
        return new TestService(
            server,
            new Uri($"http://127.0.0.1:{server.Port}/"),
            time ?? TimeProvider.System,
            options ?? (o => o),
            ports ?? (p => p),
            logs
        );
    }

    /// <summary>Adapters of a service that somebody else plays.</summary>
    public static TestService At(Uri address, Func<HttpPortOptions, HttpPortOptions>? options = null) =>
        new(null, address, TimeProvider.System, options ?? (o => o), p => p, null);

    /// <summary>How it answers from now on: the first call the first way, the last way for ever.</summary>
    public TestService Answers(params Answer[] answers)
    {
        var left = new ConcurrentQueue<Answer>(answers);
        return Answers(async request =>
        {
            var answer =
                left.Count > 1 && left.TryDequeue(out var next) ? next
                : left.TryPeek(out var last) ? last
                : throw new InvalidOperationException("No answer.");
            if (answer.After is { } gate)
                await gate.WaitAsync(Patience);
            return answer;
        });
    }

    public TestService Answers(Func<IRequestMessage, Task<Answer>> respond)
    {
        _server!.Reset();
        _server
            .Given(WireMock.RequestBuilders.Request.Create().UsingAnyMethod())
            .RespondWith(
                Response
                    .Create()
                    .WithCallback(async request =>
                    {
                        _requests.Enqueue(request);
                        var answer = await respond(request);
                        var message = new ResponseMessage
                        {
                            StatusCode = answer.Status,
                            BodyData = new BodyData
                            {
                                DetectedBodyType = WireMock.Types.BodyType.Bytes,
                                BodyAsBytes = System.Text.Encoding.UTF8.GetBytes(answer.Body),
                            },
                        };
                        message.AddHeader("Content-Type", answer.Type);
                        foreach (var (name, value) in answer.Headers)
                            message.AddHeader(name, value);
                        return message;
                    })
            );
        return this;
    }

    public Task<PortReply> ReserveAsync(CancellationToken cancellation = default) =>
        Inventory
            .ReserveAsync(new StockReservation(ReserveKey, Samples.Group, "tea", 10), cancellation)
            .WaitAsync(Patience, CancellationToken.None);

    public Task<PaymentFindings> QueryAsync() => Payments.QueryAsync(Samples.Order, default).WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        _server?.Stop();
        _server?.Dispose();
    }
}

/// <summary>One answer of a service.</summary>
internal sealed record Answer(int Status, string Body = "", string Type = "application/json")
{
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>It comes when this is done.</summary>
    public Task? After { get; init; }

    public static Answer Problem(int status, string code, string detail = "") =>
        new(status, $$"""{"code":"{{code}}","detail":"{{detail}}"}""", "application/problem+json");
}
