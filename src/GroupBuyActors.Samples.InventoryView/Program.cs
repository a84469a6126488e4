using System.Globalization;
using System.Runtime.InteropServices;
using GroupBuyActors.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace GroupBuyActors.Samples.InventoryView;

/// <summary>
/// Updates the view from the topic until it is told to stop, and prints its status periodically. It can be killed at
/// any moment and started again: it continues from what the view has stored.
/// </summary>
internal static class Program
{
    private const string Usage = """
        Usage: --bootstrap HOST:PORT[,…] --data FILE [--history URL] [--consumer-group NAME] [--topic NAME]
               [--commit-interval MILLISECONDS] [--session-timeout MILLISECONDS]
               --data FILE --list

          --bootstrap        the Kafka brokers to connect to
          --data             the SQLite file of the view; created if it is missing
          --history          the service's address, from which events that the topic lacks are read;
                             without it a gap stops the view
          --consumer-group   default inventory-view
          --topic            default groupbuy.group-events
          --commit-interval  how often offsets are sent to the broker, default 1000
          --session-timeout  after how long without a sign of life the broker gives the partitions of a process
                             to others; default: the client's
          --list             print the view, one group a line, and exit
        """;

    private static async Task<int> Main(string[] arguments)
    {
        if (!TryRead(arguments, out var settings) || !settings.TryGetValue("data", out var data))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        using var view = new InventoryView(data);
        if (settings.ContainsKey("list"))
        {
            foreach (var line in view.ReadAll())
                Console.WriteLine(Text(line));
            return 0;
        }

        using var stopping = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var http = new HttpClient();
        // The consumer's log goes to standard error.
        using var logs = LoggerFactory.Create(logging =>
            logging
                .AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss.fff "))
                .Services.Configure<ConsoleLoggerOptions>(console =>
                    console.LogToStandardErrorThreshold = LogLevel.Trace
                )
        );
        try
        {
            var consumer = new GroupEventConsumer(
                Options(settings, http),
                view,
                log: logs.CreateLogger<GroupEventConsumer>()
            );
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
            var reporting = ReportAsync(consumer, ended.Token);
            try
            {
                await consumer.RunAsync(stopping.Token);
            }
            finally
            {
                await ended.CancelAsync();
                await reporting;
            }

            return 0;
        }
        catch (Exception fault)
            when (fault is ArgumentException or GroupEventGapException or Confluent.Kafka.KafkaException)
        {
            Console.Error.WriteLine(fault.Message);
            return 1;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopping.Cancel();
        }
    }

    private static GroupEventConsumerOptions Options(Dictionary<string, string> settings, HttpClient http)
    {
        var options = new GroupEventConsumerOptions
        {
            BootstrapServers = settings.GetValueOrDefault("bootstrap", ""),
            ConsumerGroup = settings.GetValueOrDefault("consumer-group", "inventory-view"),
            OnMalformed = static (message, _) =>
            {
                Console.Error.WriteLine($"Partition {message.Partition}, offset {message.Offset}: {message.Fault}");
                return ValueTask.CompletedTask;
            },
        };
        if (settings.TryGetValue("topic", out var topic))
            options.Topic = topic;
        if (settings.TryGetValue("commit-interval", out var interval))
            options.CommitInterval = TimeSpan.FromMilliseconds(Number(interval));
        if (settings.TryGetValue("session-timeout", out var session))
            options.Configure = config =>
                (config.SessionTimeoutMs, config.HeartbeatIntervalMs) = (
                    Number(session),
                    Math.Max(1, Number(session) / 10)
                );
        if (settings.TryGetValue("history", out var history))
        {
            http.BaseAddress = new Uri(history);
            options.OnGap = GapAnswers.FromHistory(new GroupBuyClient(http));
        }

        return options;
    }

    private static async Task ReportAsync(GroupEventConsumer consumer, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5), TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                var status = consumer.Status;
                Console.WriteLine(
                    $"{status.Partitions} partitions, {status.Lag} messages "
                        + $"behind{(status.Failure is { } failure ? $", failing: {failure.Message}" : "")}"
                );
            }
        }
        catch (OperationCanceledException)
        {
            // It ends with the consumer.
        }
    }

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"'{text}' is not a number of milliseconds.");

    private static string Text(InventoryLine line) =>
        $"{line.Group}  {line.Sequence}  {line.State}  seats {line.SeatsTaken}/{line.SeatsPaid} paid  reserved "
        + $"{line.Reserved}, outstanding {line.Outstanding}, deducted {line.Deducted}, released {line.Released}";

    private static bool TryRead(string[] arguments, out Dictionary<string, string> settings)
    {
        settings = [];
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
                return false;
            var name = arguments[i][2..];
            if (name == "list")
                settings[name] = "";
            else if (
                name
                    is "bootstrap"
                        or "data"
                        or "history"
                        or "consumer-group"
                        or "topic"
                        or "commit-interval"
                        or "session-timeout"
                && i + 1 < arguments.Length
            )
                settings[name] = arguments[++i];
            else
                return false;
        }

        return true;
    }
}
