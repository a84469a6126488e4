using GroupBuyActors.Silo.Demo;
using Spectre.Console;

namespace GroupBuyActors.Silo.Tests.Demo;

public sealed class DemoTests(TestSilo silo)
{
    [Fact]
    public async Task TheEveningGoesAsTold()
    {
        var told = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(told) }
        );
        console.Profile.Width = 120;
        var narrator = new Narrator(console, TimeProvider.System);
        await new DemoRun(silo.Client, narrator, TimeProvider.System).PlayAsync(silo.Url);
        Assert.True(narrator.AllPassed, told.ToString());
        foreach (
            var words in (string[])
                ["FULFILLED", "REDEEMED", "timeout", "stock_unavailable", "order.refunded", "Demo completed"]
        )
            Assert.Contains(words, told.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TheDemosOwnWordsAreToldFromTheSilosSettings()
    {
        var (options, _) = DemoOptions.Read([
            "--exit",
            "--urls",
            "http://127.0.0.1:1",
            "--url",
            "http://127.0.0.1:2",
            "--key",
            "s",
        ]);
        Assert.Equal((true, new Uri("http://127.0.0.1:2"), "s"), (options!.Exit, options.Url, options.Key));
        Assert.Equal(["--urls", "http://127.0.0.1:1"], options.Settings);
        Assert.NotNull(DemoOptions.Read(["--url"]).Fault);
        Assert.NotNull(DemoOptions.Read(["--url", "ftp://x"]).Fault);
        Assert.NotNull(DemoOptions.Read(["--key"]).Fault);
    }
}
