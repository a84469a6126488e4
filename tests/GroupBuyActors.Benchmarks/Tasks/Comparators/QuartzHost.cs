using System.Collections.Specialized;
using System.Globalization;
using System.Text.Json;
using GroupBuyActors.Benchmarks.Harness;
using MySqlConnector;
using Quartz.Impl;
using Quartz.Spi;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>
/// Quartz.NET with its clustered job store on the same database server, in a process of its own: the scheduler that a
/// newcomer would take. What it promises is the nearest to the engine's: a trigger is durable, and one node of many
/// runs it.
/// </summary>
internal static class QuartzHost
{
    /// <summary>The verb.</summary>
    public const string Verb = "quartz-host";

    /// <summary>
    /// Jobs at once, and triggers acquired at once: many times the defaults of 10 and 1, so that neither is what limits
    /// it.
    /// </summary>
    public const int JobsMax = 64;

    /// <summary>Starts the process and waits until its scheduler runs.</summary>
    public static Task<BenchProcess> StartAsync(BenchDatabase database, CancellationToken cancellation) =>
        BenchProcess.StartAsync(
            Verb,
            [database.ServerProcessId.ToString(CultureInfo.InvariantCulture), database.ConnectionString],
            cancellation: cancellation
        );

    /// <summary>What the process does.</summary>
    public static async Task<int> RunAsync(string[] settings)
    {
        var (server, connection) = (int.Parse(settings[0], CultureInfo.InvariantCulture), settings[1]);
        await CreateTablesAsync(connection);
        var scheduler = await new StdSchedulerFactory(Settings(connection)).GetScheduler();
        await scheduler.Start();
        ProcessorMeter[] meters =
        [
            new("quartz", Environment.ProcessId),
            .. server == 0 ? (ProcessorMeter[])[] : [new("database", server)],
        ];
        var parts = new QuartzParts(scheduler, TimeProvider.System, meters);
        await parts.StartAsync();
        await BenchProcess.ServeAsync<TaskQuestion, TaskAnswer>(parts.AnswerAsync);
        await scheduler.Shutdown(waitForJobsToComplete: false);
        return 0;
    }

    private static NameValueCollection Settings(string connection) =>
        new()
        {
            ["quartz.scheduler.instanceName"] = "bench",
            ["quartz.scheduler.instanceId"] = "AUTO",
            ["quartz.scheduler.batchTriggerAcquisitionMaxCount"] = JobsMax.ToString(CultureInfo.InvariantCulture),
            // Triggers due within this are fired with the first of their batch: a batch of more than one needs it where
            // dues are spread.
            ["quartz.scheduler.batchTriggerAcquisitionFireAheadTimeWindow"] = "50",
            ["quartz.threadPool.maxConcurrency"] = JobsMax.ToString(CultureInfo.InvariantCulture),
            ["quartz.jobStore.type"] = "Quartz.Impl.AdoJobStore.JobStoreTX, Quartz",
            ["quartz.jobStore.driverDelegateType"] = "Quartz.Impl.AdoJobStore.MySQLDelegate, Quartz",
            ["quartz.jobStore.clustered"] = "true",
            ["quartz.jobStore.acquireTriggersWithinLock"] = "true",
            ["quartz.jobStore.dataSource"] = "bench",
            ["quartz.dataSource.bench.provider"] = "MySqlConnector",
            ["quartz.dataSource.bench.connectionString"] = connection,
            ["quartz.serializer.type"] = typeof(JsonText).AssemblyQualifiedName,
        };

    private static async Task CreateTablesAsync(string connectionString)
    {
        await using var script = typeof(QuartzHost).Assembly.GetManifestResourceStream("quartz.sql")!;
        using var text = new StreamReader(script);
        await using var connection = new MySqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(await text.ReadToEndAsync(), connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Job data as JSON; these jobs have none.</summary>
    private sealed class JsonText : IObjectSerializer
    {
        public void Initialize()
        {
            // Nothing is kept.
        }

        public byte[] Serialize<T>(T obj)
            where T : class => JsonSerializer.SerializeToUtf8Bytes(obj);

        public T? DeSerialize<T>(byte[] data)
            where T : class => JsonSerializer.Deserialize<T>(data);
    }
}
