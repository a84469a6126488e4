using System.Collections.Concurrent;
using WireMock;
using WireMock.ResponseBuilders;
using WireMock.Server;
using WireMock.Util;

namespace GroupBuyActors.Silo.Tests.Ports;

/// <summary>A silo whose inventory and notices are services over HTTP, while the sandbox plays the payments.</summary>
public sealed class ServicesSilo : TestSilo
{
    /// <summary>A sku of which the service has none left.</summary>
    public const string SoldOut = "sold-out";

    private readonly WireMockServer _services;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<IRequestMessage>> _calls;

    public ServicesSilo()
        : this(WireMockServer.Start()) { }

    private ServicesSilo(WireMockServer services)
        : base([
            "--GroupBuy:Inventory:BaseUrl",
            $"http://127.0.0.1:{services.Port}/stock/v1",
            "--GroupBuy:Inventory:ApiKey",
            "key-of-stock",
            "--GroupBuy:Notices:BaseUrl",
            $"http://127.0.0.1:{services.Port}/push",
            "--GroupBuy:Http:AllowedHosts",
            "127.0.0.1,*.example.com",
        ])
    {
        _services = services;
        _calls = new();
        _services
            .Given(WireMock.RequestBuilders.Request.Create().UsingPost())
            .RespondWith(
                Response
                    .Create()
                    .WithCallback(request =>
                    {
                        Call(request.Headers!["Idempotency-Key"].Single()).TrySetResult(request);
                        var soldOut = request.Body!.Contains(SoldOut, StringComparison.Ordinal);
                        return new ResponseMessage
                        {
                            StatusCode = soldOut ? 409 : 200,
                            BodyData = new BodyData
                            {
                                DetectedBodyType = WireMock.Types.BodyType.String,
                                BodyAsString = soldOut
                                    ? """{"code":"stock.insufficient","detail":"None is left."}"""
                                    : "{}",
                            },
                        };
                    })
            );
    }

    /// <summary>The first call that the services get with a key, whenever it comes.</summary>
    public async Task<IRequestMessage> CallOfAsync(string key) =>
        await Call(key).Task.WaitAsync(TimeSpan.FromSeconds(30));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _services.Stop();
        _services.Dispose();
    }

    private TaskCompletionSource<IRequestMessage> Call(string key) =>
        _calls.GetOrAdd(
            key,
            _ => new TaskCompletionSource<IRequestMessage>(TaskCreationOptions.RunContinuationsAsynchronously)
        );
}
