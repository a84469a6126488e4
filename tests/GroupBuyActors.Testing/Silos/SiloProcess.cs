using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace GroupBuyActors.Testing.Silos;

/// <summary>
/// A silo as a process of its own, ended by its process id only. What it prints goes to a file in its directory, and
/// the end of that file into every failure. Processes still running when the test process ends are killed with it.
/// </summary>
public sealed class SiloProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<SiloProcess, bool> Running = new();

    private readonly Process _process;
    private readonly Task _copies;

    static SiloProcess() =>
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (var silo in Running.Keys)
                silo.Kill();
        };

    private SiloProcess(SiloSettings settings, Process process, Task copies)
    {
        Settings = settings;
        _process = process;
        _copies = copies;
        Running[this] = true;
    }

    /// <summary>How it was started.</summary>
    public SiloSettings Settings { get; }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>True once it is gone.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Base address of HTTP.</summary>
    public Uri Address => new($"http://127.0.0.1:{Settings.HttpPort}");

    /// <summary>How long it took from its start until it was ready.</summary>
    public TimeSpan StartUp { get; private set; }

    /// <summary>Processor time it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.HasExited ? TimeSpan.Zero : _process.TotalProcessorTime;
        }
    }

    private string LogPath => System.IO.Path.Combine(Settings.Directory, $"{Settings.Name}.log");

    /// <summary>Starts it without waiting for anything.</summary>
    public static SiloProcess Launch(SiloSettings settings)
    {
        Directory.CreateDirectory(settings.Directory);
        IReadOnlyList<string> command =
        [
            .. settings.Through,
            "dotnet",
            "exec",
            settings.Binary ?? SiloBinary.Path,
            .. settings.Arguments,
        ];
        var start = new ProcessStartInfo(command[0])
        {
            WorkingDirectory = settings.Directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in settings.Variables())
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        ChildProcess.LeaveNoPipes(start);
        var process = Process.Start(start) ?? throw new InvalidOperationException("The silo could not be started.");
        process.StandardInput.Close();
        var log = System.IO.Path.Combine(settings.Directory, $"{settings.Name}.log");
        return new SiloProcess(settings, process, CopyAsync(process, log));
    }

    /// <summary>Starts it and waits until <c>/health/ready</c> says yes.</summary>
    public static async Task<SiloProcess> StartAsync(SiloSettings settings, TimeSpan? patience = null)
    {
        var silo = Launch(settings);
        try
        {
            await silo.WaitUntilReadyAsync(patience ?? TimeSpan.FromSeconds(60));
            return silo;
        }
        catch
        {
            await silo.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it is ready; fails at once when it exits instead.</summary>
    public async Task WaitUntilReadyAsync(TimeSpan patience)
    {
        using var http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
        var waited = Stopwatch.StartNew();
        var last = "nothing";
        while (waited.Elapsed < patience)
        {
            if (HasExited)
                throw new InvalidOperationException(
                    $"Silo {Settings.Name} exited with {_process.ExitCode} before it was ready.\n{Tail()}"
                );
            try
            {
                using var answer = await http.GetAsync("/health/ready");
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    StartUp = waited.Elapsed;
                    return;
                }
                last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                last = e.Message;
            }
            await Task.Delay(20);
        }
        throw new TimeoutException(
            $"Silo {Settings.Name} was not ready after {patience.TotalSeconds} s; it last said: {last}\n{Tail()}"
        );
    }

    /// <summary>Waits for its end and gives its exit status; null where it still runs.</summary>
    public async Task<int?> WaitForExitAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            await _copies;
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // Gone already, which is what was wanted.
        }
        Running.TryRemove(this, out _);
    }

    /// <summary>kill -9, and waits until the kernel has closed its files and ports.</summary>
    public async Task KillAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
        await _copies;
    }

    /// <summary>
    /// Freezes it, as a paused machine or a long collection does; <see cref="ThawAsync"/> lets it go on.
    /// </summary>
    public Task FreezeAsync() => SignalAsync("-STOP");

    /// <summary>Lets a frozen process go on.</summary>
    public Task ThawAsync() => SignalAsync("-CONT");

    /// <summary>
    /// Asks it to stop, as an orchestrator does, and gives its exit status; killed after <paramref name="patience"/>.
    /// </summary>
    public async Task<int?> StopAsync(TimeSpan patience)
    {
        await SignalAsync("-TERM");
        var status = await WaitForExitAsync(patience);
        if (status is null)
            await KillAsync();
        Running.TryRemove(this, out _);
        return status;
    }

    /// <summary>The last lines it printed, over all starts under this name.</summary>
    public string Tail(int lines = 40)
    {
        if (!File.Exists(LogPath))
            return "(it printed nothing)";
        using var file = new StreamReader(new FileStream(LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var kept = new Queue<string>();
        while (file.ReadLine() is { } line)
        {
            kept.Enqueue(line);
            if (kept.Count > lines)
                kept.Dequeue();
        }
        return $"--- {Settings.Name}, last lines of {LogPath}\n{string.Join('\n', kept)}\n---";
    }

    /// <summary>Kills it where it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        Running.TryRemove(this, out _);
        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("GroupBuy__", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("DOTNET_ENVIRONMENT", StringComparison.OrdinalIgnoreCase);

    private static async Task CopyAsync(Process process, string log)
    {
        await using var file = new StreamWriter(
            new FileStream(log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite),
            new UTF8Encoding(false)
        );
        var turn = new SemaphoreSlim(1);
        await Task.WhenAll(CopyLinesAsync(process.StandardOutput), CopyLinesAsync(process.StandardError));

        async Task CopyLinesAsync(StreamReader from)
        {
            while (await from.ReadLineAsync() is { } line)
            {
                await turn.WaitAsync();
                await file.WriteLineAsync(line);
                await file.FlushAsync();
                turn.Release();
            }
        }
    }
}
