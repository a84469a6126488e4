using System.Net;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Cluster.Faults;

/// <summary>
/// What an orchestrator does for a deployment: a silo that ends by itself (it was fenced, or had no database to start
/// with) is started again. One that a schedule holds down is left alone. It can make the deployment larger by one silo.
/// </summary>
internal sealed class Orchestrator(TestedSystem system)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    // One more than there are at first.
    private readonly int _added = system.Silos.Count;
    private readonly SemaphoreSlim[] _turns =
    [
        .. Enumerable.Range(0, system.Silos.Count + 1).Select(_ => new SemaphoreSlim(1)),
    ];
    private readonly bool[] _heldDown = new bool[system.Silos.Count + 1];
    private int _ownEnds;

    /// <summary>Silos that ended by themselves.</summary>
    public int OwnEnds => Volatile.Read(ref _ownEnds);

    /// <summary>kill -9; it stays down until <see cref="StartAsync"/>.</summary>
    public Task KillAsync(int silo) =>
        InTurnAsync(
            silo,
            async () =>
            {
                _heldDown[silo] = true;
                await system.KillAsync(silo);
            }
        );

    /// <summary>Starts a silo that was killed and waits for nothing.</summary>
    public Task StartAsync(int silo) =>
        InTurnAsync(
            silo,
            async () =>
            {
                _heldDown[silo] = false;
                await system.LaunchAsync(silo);
            }
        );

    /// <summary>SIGTERM, and waits for its end; it stays down until <see cref="StartAsync"/>.</summary>
    public Task StopAsync(int silo) =>
        InTurnAsync(
            silo,
            async () =>
            {
                _heldDown[silo] = true;
                if (!system.Silos[silo].HasExited)
                    await system.StopAsync(silo);
            }
        );

    /// <summary>Starts a silo more and waits for nothing.</summary>
    public Task AddAsync() =>
        InTurnAsync(
            _added,
            async () =>
            {
                _heldDown[_added] = false;
                if (system.Silos.Count > _added)
                    await system.LaunchAsync(_added);
                else
                    system.Add();
            }
        );

    /// <summary>Stops that silo.</summary>
    public Task StopAddedAsync() => StopAsync(_added);

    /// <summary>Starts what ends by itself, until it is enough.</summary>
    public async Task WatchAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            for (var silo = 0; silo < system.Silos.Count; silo++)
            {
                var looked = silo;
                await InTurnAsync(
                    silo,
                    async () =>
                    {
                        if (_heldDown[looked] || !system.Silos[looked].HasExited)
                            return;
                        Interlocked.Increment(ref _ownEnds);
                        await system.LaunchAsync(looked);
                    }
                );
            }
            await Task.Delay(LookInterval, CancellationToken.None);
        }
    }

    /// <summary>
    /// Waits until that many silos are ready; throws where they are not within <paramref name="patience"/>.
    /// </summary>
    public async Task WaitUntilReadyAsync(int silos, TimeSpan patience)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var ready = await Task.WhenAll(system.Addresses.Select(address => IsReadyAsync(http, address)));
            if (ready.Count(yes => yes) >= silos)
                return;
            if (TimeProvider.System.GetElapsedTime(started) > patience)
                throw new TimeoutException($"There were not {silos} silos ready within {patience.TotalSeconds} s.");
            await Task.Delay(LookInterval);
        }
    }

    private async Task InTurnAsync(int silo, Func<Task> act)
    {
        await _turns[silo].WaitAsync();
        try
        {
            await act();
        }
        finally
        {
            _turns[silo].Release();
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, Uri silo)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(silo, "/health/ready"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
