using GroupBuyActors.Silo.Health;
using GroupBuyActors.Store;

namespace GroupBuyActors.Silo.Gateways;

/// <summary>
/// Whether this gateway should get requests: a silo answers it, and so does the database. The silo is called and not
/// only counted, because the call also connects again after all silos were gone.
/// </summary>
internal sealed class GatewayReadiness(
    IGrainFactory grains,
    IStoreHealth store,
    IHostApplicationLifetime lifetime,
    TimeProvider time
) : IReadiness
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    // A gateway writes to no database.
    public IReadOnlyList<string> ReadOnlySlots => [];

    public async Task<string?> WhyNotAsync(CancellationToken cancellation)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return "The gateway is stopping.";
        var silo = AnswersAsync(WhyNotServingAsync);
        var database = AnswersAsync(async limit =>
        {
            await store.NowAsync(limit);
            return null;
        });
        return (await silo).Reason("No silo answers this gateway.")
            ?? (await database).Reason("The database does not answer this gateway.");
    }

    private Task<string?> WhyNotServingAsync(CancellationToken limit) =>
        grains.GetGrain<ISiloRouteGrain>(0).WhyNotServing().WaitAsync(limit);

    private async Task<Probe> AnswersAsync(Func<CancellationToken, Task<string?>> probe)
    {
        using var limit = new CancellationTokenSource(AnswerTimeout, time);
        try
        {
            return new Probe(true, await probe(limit.Token).WaitAsync(limit.Token));
        }
        catch (Exception)
        {
            // Whatever fails on the way, it does not answer.
            return new Probe(false, null);
        }
    }

    private readonly record struct Probe(bool Answers, string? Told)
    {
        public string? Reason(string silent) => Answers ? Told : silent;
    }
}
