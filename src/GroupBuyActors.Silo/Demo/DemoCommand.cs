using GroupBuyActors.Client;
using GroupBuyActors.Silo.Hosting;
using Spectre.Console;

namespace GroupBuyActors.Silo.Demo;

/// <summary>Runs scripted campaigns over HTTP, with a silo in this process or one that is running already.</summary>
internal static class DemoCommand
{
    // The width of the output if it is a file and has no terminal's width; wide enough for the timelines.
    private const int WidthOfFiles = 120;

    public static async Task<int> RunAsync(string[] args)
    {
        var (options, fault) = DemoOptions.Read(args);
        if (options is null)
        {
            await Console.Error.WriteLineAsync(fault);
            return 2;
        }

        try
        {
            return options.Url is { } url ? await PlayAsync(url, options.Key) : await PlayHereAsync(options);
        }
        catch (Exception e)
        {
            return await SiloCommand.FailAsync(e);
        }
    }

    private static async Task<int> PlayHereAsync(DemoOptions options)
    {
        // The console shows the demo; of the silo's log only warnings and errors.
        await using var app = SiloHost.Build([.. options.Settings, "--Logging:LogLevel:Default=Warning"]);
        await SiloHost.StartAsync(app, CancellationToken.None);
        var url = HealthCommand.Address(app.Urls.First());
        var status = await PlayAsync(url, options.Key);
        if (options.Exit)
        {
            await app.StopAsync();
            return status;
        }

        AnsiConsole.MarkupLineInterpolated($"\nThe silo keeps serving at [link]{url}[/]. Press Ctrl+C to stop it.");
        await app.WaitForShutdownAsync();
        return status;
    }

    private static async Task<int> PlayAsync(Uri url, string? key)
    {
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = WidthOfFiles;
        using var http = new HttpClient { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        var client = new GroupBuyClient(http, new GroupBuyClientOptions { ApiKey = key });
        var narrator = new Narrator(AnsiConsole.Console, TimeProvider.System);
        await new DemoRun(client, narrator, TimeProvider.System).PlayAsync(url);
        return narrator.AllPassed ? 0 : 1;
    }
}
