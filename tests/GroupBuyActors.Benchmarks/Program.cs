using GroupBuyActors.Benchmarks.Cluster;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Benchmarks.Joins;
using GroupBuyActors.Benchmarks.Relay;
using GroupBuyActors.Benchmarks.Saga;
using GroupBuyActors.Benchmarks.Tasks;

IBenchmark[] benchmarks =
[
    new JoinsBenchmark(),
    new TasksBenchmark(),
    new RelayBenchmark(),
    new SagaBenchmark(),
    new ClusterBenchmark(),
];

// Processes that the benchmarks start.
if (args is [ComparatorHost.Verb, .. var comparator])
    return await ComparatorHost.RunAsync(comparator);
if (args is [TaskHost.Verb, .. var engine])
    return await TaskHost.RunAsync(engine);
if (args is [QuartzHost.Verb, .. var quartz])
    return await QuartzHost.RunAsync(quartz);
if (args is [] or ["--help" or "-h" or "help", ..])
{
    Help(null);
    return args.Length == 0 ? 2 : 0;
}
if (benchmarks.FirstOrDefault(benchmark => benchmark.Verb == args[0]) is not { } chosen)
{
    Console.Error.WriteLine($"There is no benchmark {args[0]}.");
    Help(null);
    return 2;
}

using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    interrupted.Cancel();
};
try
{
    var options = BenchmarkOptions.Parse(args[1..], chosen.Options);
    if (options.Has("--help"))
    {
        Help(chosen);
        return 0;
    }
    var report = await chosen.RunAsync(options, interrupted.Token);
    report.Print(Console.Out);
    if (options.JsonFile is { } file)
        await report.WriteAsync(file);
    return report.HasFailures ? 1 : 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    Help(chosen);
    return 2;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    Console.Error.WriteLine("Interrupted.");
    return 130;
}

void Help(IBenchmark? of)
{
    Console.WriteLine("Usage: dotnet run -c Release --project tests/GroupBuyActors.Benchmarks -- VERB [options]");
    foreach (var benchmark in of is null ? benchmarks : [of])
    {
        Console.WriteLine($"\n  {benchmark.Verb, -10} {benchmark.Summary}");
        foreach (var option in benchmark.Options)
            Describe(option);
    }
    Console.WriteLine("\nOptions of every benchmark:");
    foreach (var option in BenchmarkOptions.Shared)
        Describe(option);
}

static void Describe(Option option) =>
    Console.WriteLine($"    {option.Name + (option.Value is null ? "" : $" {option.Value}"), -22} {option.Help}");
