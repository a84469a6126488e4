using System.Diagnostics;
using System.Text.Json;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>
/// This program again in a process of its own, with a verb that people need not know; asked and answering in lines over
/// its standard streams. It ends when its standard input does, and so never outlives the benchmark.
/// </summary>
internal sealed class BenchProcess : IAsyncDisposable
{
    private const string Ready = "ready",
        Answered = "answer ",
        Failed = "failed ";
    private readonly Process _process;

    private BenchProcess(Process process) => _process = process;

    /// <summary>The process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts the process and waits until it serves.</summary>
    /// <param name="verb">What it is.</param>
    /// <param name="settings">Further arguments.</param>
    /// <param name="runtimeSettings">A <c>runtimeconfig.json</c> to run under instead of this program's own.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<BenchProcess> StartAsync(
        string verb,
        IReadOnlyList<string> settings,
        string? runtimeSettings = null,
        CancellationToken cancellation = default
    )
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        string[] runtime = runtimeSettings is null ? [] : ["--runtimeconfig", runtimeSettings];
        foreach (
            var argument in (string[])["exec", .. runtime, typeof(BenchProcess).Assembly.Location, verb, .. settings]
        )
            start.ArgumentList.Add(argument);
        var process = new BenchProcess(
            Process.Start(start) ?? throw new InvalidOperationException($"The {verb} could not be started.")
        );
        while (await process._process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line == Ready)
                return process;
            Console.Error.WriteLine(line);
        }
        await process.DisposeAsync();
        throw new InvalidOperationException($"The {verb} ended before it served.");
    }

    /// <summary>Asks and waits for the answer; one question at a time.</summary>
    public async Task<TAnswer> AskAsync<TQuestion, TAnswer>(TQuestion question, CancellationToken cancellation)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(question).AsMemory(), cancellation);
        await _process.StandardInput.FlushAsync(cancellation);
        while (await _process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line.StartsWith(Answered, StringComparison.Ordinal))
                return JsonSerializer.Deserialize<TAnswer>(line[Answered.Length..])!;
            if (line.StartsWith(Failed, StringComparison.Ordinal))
                throw new InvalidOperationException(JsonSerializer.Deserialize<string>(line[Failed.Length..]));
            Console.Error.WriteLine(line);
        }
        throw new InvalidOperationException("The process ended before it answered.");
    }

    /// <summary>What such a process does once it is ready: it waits for the end of its input.</summary>
    public static Task ServeAsync() =>
        ServeAsync<string, string>(_ => throw new NotSupportedException("Nothing is asked of this process."));

    /// <summary>What such a process does once it is ready: it answers until its input ends.</summary>
    public static async Task ServeAsync<TQuestion, TAnswer>(Func<TQuestion, Task<TAnswer>> answer)
    {
        Console.WriteLine(Ready);
        while (await Console.In.ReadLineAsync() is { } line)
        {
            try
            {
                Console.WriteLine(
                    Answered + JsonSerializer.Serialize(await answer(JsonSerializer.Deserialize<TQuestion>(line)!))
                );
            }
            catch (Exception e)
            {
                Console.WriteLine(Failed + JsonSerializer.Serialize(e.ToString()));
            }
        }
    }

    /// <summary>Ends the process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }
        _process.Dispose();
    }
}
