using System.Diagnostics;

namespace GroupBuyActors.Benchmarks.Harness;

/// <summary>Processor time that a process used over the measuring window: where the time of a call goes.</summary>
internal sealed class ProcessorMeter(string name, int processId)
{
    private TimeSpan _before;

    /// <summary>The part the process plays.</summary>
    public string Name { get; } = name;

    /// <summary>What it used in the last window.</summary>
    public TimeSpan Used { get; private set; }

    /// <summary>The window opens.</summary>
    public void Start() => _before = Read();

    /// <summary>The window closes.</summary>
    public void Stop() => Used = Read() - _before;

    private TimeSpan Read()
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.TotalProcessorTime;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return _before;
        }
    }
}
