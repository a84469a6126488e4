using System.Net;
using GroupBuyActors.Background;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Health;

/// <summary>A silo of its own: it does not become ready again.</summary>
public sealed class ReadinessTests
{
    [Fact]
    public async Task ABackgroundServiceThatHasEndedIsNamedByReadiness()
    {
        await using var silo = new SiloOfItsOwn();
        await silo.InitializeAsync();
        (await silo.Api.GetAsync("/health/ready")).Is(HttpStatusCode.OK);
        await silo.Services.GetRequiredService<BackgroundSupervisor>().RunAsync(new Ending(), CancellationToken.None);
        using var answer = await silo.Http.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(
            "not ready: Background services have ended: short-lived.\n",
            await answer.Content.ReadAsStringAsync()
        );
        (await silo.Api.GetAsync("/health/live")).Is(HttpStatusCode.OK);
    }

    private sealed class SiloOfItsOwn : TestSilo;

    private sealed class Ending : BackgroundLoop
    {
        public override string Name => "short-lived";

        internal override Task RunAsync(BackgroundContext context, CancellationToken stopping) => Task.CompletedTask;
    }
}
