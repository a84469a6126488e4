using System.Collections.Concurrent;
using System.Diagnostics;
using GroupBuyActors.Samples.InventoryView;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Cluster.Faults;

/// <summary>
/// The sample consumer as a process of its own, with its view in a file. It may read nothing but the topic: a missing
/// event is not looked for elsewhere, but ends it.
/// </summary>
internal sealed class ViewProcess : IAsyncDisposable
{
    private const int LinesKept = 40;
    private static readonly ConcurrentDictionary<ViewProcess, bool> Running = new();
    private readonly string _file;
    private readonly string _bootstrapServers;
    private readonly ConcurrentQueue<string> _lines = new();
    private Process? _process;

    static ViewProcess() =>
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (var view in Running.Keys)
                view._process?.Kill();
        };

    /// <param name="directory">Where its view lies.</param>
    /// <param name="bootstrapServers">The brokers.</param>
    public ViewProcess(string directory, string bootstrapServers)
    {
        (_file, _bootstrapServers) = (Path.Combine(directory, "view.db"), bootstrapServers);
        Start();
    }

    /// <summary>How often it was killed.</summary>
    public int Kills { get; private set; }

    /// <summary>Starts it, or starts it again.</summary>
    public void Start()
    {
        _process?.Dispose();
        string[] arguments =
        [
            "exec",
            typeof(InventoryView).Assembly.Location,
            "--bootstrap",
            _bootstrapServers,
            "--data",
            _file,
            "--commit-interval",
            "200",
            // Its partitions are not read before the broker has given up the one that was killed.
            "--session-timeout",
            "3000",
        ];
        _process = Process.Start(
            ChildProcess.LeaveNoPipes(
                new ProcessStartInfo("dotnet", arguments)
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )
        )!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Running[this] = true;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        ThrowIfEnded();
        _process!.Kill();
        await _process.WaitForExitAsync();
        Running.TryRemove(this, out _);
        Kills++;
    }

    /// <summary>It ends by itself only where it found events missing, or worse.</summary>
    public void ThrowIfEnded()
    {
        if (_process!.HasExited)
            throw new InvalidOperationException($"The view ended with {_process.ExitCode}.\n{Tail()}");
    }

    /// <summary>What it knows, read from its file.</summary>
    public IReadOnlyList<InventoryLine> Read()
    {
        using var view = new InventoryView(_file);
        return view.ReadAll();
    }

    /// <summary>The last lines it printed, over all its starts.</summary>
    public string Tail() => $"--- view, last lines\n{string.Join('\n', _lines)}\n---";

    public async ValueTask DisposeAsync()
    {
        if (!_process!.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        Running.TryRemove(this, out _);
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        if (_lines.Count > LinesKept)
            _lines.TryDequeue(out _);
    }
}
