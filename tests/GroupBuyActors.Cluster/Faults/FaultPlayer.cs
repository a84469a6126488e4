using System.Net;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Cluster.Faults;

/// <summary>Plays schedules against a running system: each fault at its time, each mended at its end.</summary>
internal sealed class FaultPlayer(
    TestedSystem system,
    Orchestrator orchestrator,
    MockKafka kafka,
    ViewProcess view,
    Edge edge,
    Func<string> sku
)
{
    /// <summary>
    /// Returns once the schedule's time is over and everything is mended (silos are started, but perhaps not ready
    /// yet).
    /// </summary>
    public async Task PlayAsync(FaultSchedule schedule)
    {
        var start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(schedule.Faults.Select(fault => PlayAsync(fault, start)));
        await UntilAsync(start, schedule.Length);
    }

    private async Task PlayAsync(Fault fault, long start)
    {
        await UntilAsync(start, fault.At);
        await BeginAsync(fault, start);
        await UntilAsync(start, fault.End);
        await RepairAsync(fault);
    }

    private async Task BeginAsync(Fault fault, long start)
    {
        switch (fault.Kind)
        {
            case FaultKind.SiloKilled:
                await orchestrator.KillAsync(fault.Silo);
                break;
            case FaultKind.SiloKilledTwice:
                await orchestrator.KillAsync(fault.Silo);
                await orchestrator.StartAsync(fault.Silo);
                await UntilAsync(start, fault.At + (fault.For * 0.9));
                await orchestrator.KillAsync(fault.Silo);
                break;
            case FaultKind.SiloFrozen:
                await system.Silos[fault.Silo].FreezeAsync();
                break;
            case FaultKind.SiloStopped:
                await orchestrator.StopAsync(fault.Silo);
                break;
            case FaultKind.SiloAdded:
                await orchestrator.AddAsync();
                break;
            case FaultKind.DatabaseKilled:
                await system.Database!.KillAsync();
                break;
            case FaultKind.DatabaseFrozen:
                system.Proxy!.Freeze();
                break;
            case FaultKind.DatabaseSlow:
                system.Proxy!.Delay = fault.Delay;
                break;
            case FaultKind.DatabaseCut:
                system.Proxy!.Refuse(true);
                system.Proxy.CutAll();
                break;
            case FaultKind.KafkaGone:
                kafka.GoAway();
                break;
            case FaultKind.KafkaSlow:
                kafka.Delay(fault.Delay);
                break;
            case FaultKind.ViewKilled:
                await view.KillAsync();
                break;
            default:
                await SetPortAsync(
                    fault.Target,
                    fault.FailRate,
                    fault.Delay,
                    permanent: fault.Kind == FaultKind.InventoryRefusesSku,
                    fault.Kind == FaultKind.InventoryRefusesSku ? sku() : null
                );
                break;
        }
    }

    private async Task RepairAsync(Fault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.SiloKilled or FaultKind.SiloKilledTwice or FaultKind.SiloStopped:
                await orchestrator.StartAsync(fault.Silo);
                break;
            case FaultKind.SiloFrozen:
                await system.Silos[fault.Silo].ThawAsync();
                break;
            case FaultKind.SiloAdded:
                await orchestrator.StopAddedAsync();
                break;
            case FaultKind.DatabaseKilled:
                await system.Database!.RestartAsync();
                break;
            case FaultKind.DatabaseFrozen:
                system.Proxy!.Resume();
                break;
            case FaultKind.DatabaseSlow:
                system.Proxy!.Delay = TimeSpan.Zero;
                break;
            case FaultKind.DatabaseCut:
                system.Proxy!.Refuse(false);
                break;
            case FaultKind.KafkaGone:
                kafka.ComeBack();
                break;
            case FaultKind.KafkaSlow:
                kafka.Delay(TimeSpan.Zero);
                break;
            case FaultKind.ViewKilled:
                view.Start();
                break;
            default:
                await SetPortAsync(fault.Target, 0, TimeSpan.Zero, permanent: false, null);
                break;
        }
    }

    private async Task SetPortAsync(string port, double failRate, TimeSpan delay, bool permanent, string? onlySku)
    {
        var set = await edge.AskAsync(
            HttpMethod.Put,
            $"/v1/sandbox/faults/{port}",
            new
            {
                failRate,
                delayMs = (int)delay.TotalMilliseconds,
                permanent,
                sku = onlySku,
            }
        );
        if (set.Status != HttpStatusCode.OK)
            throw new InvalidOperationException($"The faults of {port} were not set: {set}");
    }

    private static async Task UntilAsync(long start, TimeSpan time)
    {
        var left = time - TimeProvider.System.GetElapsedTime(start);
        if (left > TimeSpan.Zero)
            await Task.Delay(left);
    }
}
