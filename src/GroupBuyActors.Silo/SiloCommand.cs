using GroupBuyActors.Silo.Demo;
using GroupBuyActors.Silo.Hosting;
using GroupBuyActors.Silo.Settings;

namespace GroupBuyActors.Silo;

/// <summary>The command line: serve (default), demo, health, help.</summary>
internal static class SiloCommand
{
    private const int Ok = 0,
        Failed = 1,
        Misused = 2;

    public static Task<int> RunAsync(string[] args) =>
        args switch
        {
            ["--help" or "-h" or "help", ..] => HelpAsync(),
            ["demo", .. var rest] => DemoCommand.RunAsync(rest),
            ["health", .. var rest] => HealthCommand.RunAsync(rest),
            [var word, ..] when !word.StartsWith('-') => MisusedAsync(word),
            _ => ServeAsync(args),
        };

    /// <summary>
    /// Runs a silo or a gateway until it is told to stop. Returns 0 after a normal stop; otherwise 1, after printing
    /// the reason.
    /// </summary>
    private static async Task<int> ServeAsync(string[] args)
    {
        try
        {
            await using var app = SiloHost.Build(args);
            await SiloHost.StartAsync(app, CancellationToken.None);
            var settings = app.Services.GetRequiredService<SiloSettings>();
            HostLog.Serving(
                app.Logger,
                string.Join(", ", app.Urls),
                settings.Role == ProcessRole.Silo ? "silo" : "gateway",
                settings.Cluster.Name
            );
            await app.WaitForShutdownAsync();
            return Environment.ExitCode;
        }
        catch (OperationCanceledException)
        {
            // It was told to stop while it started, as a gateway does that waits for a silo.
            return Ok;
        }
        catch (Exception fault)
        {
            return await FailAsync(fault);
        }
    }

    /// <summary>Prints the reason and returns the status of a failure.</summary>
    public static async Task<int> FailAsync(Exception fault)
    {
        await Console.Error.WriteLineAsync(StartFault.Describe(fault));
        return Failed;
    }

    private static async Task<int> HelpAsync()
    {
        await Console.Out.WriteLineAsync(Help.Text);
        return Ok;
    }

    private static async Task<int> MisusedAsync(string word)
    {
        await Console.Error.WriteLineAsync($"Unknown command '{word}'; see --help.");
        return Misused;
    }
}
