using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(GroupBuyActors.Browser.Chromium))]

namespace GroupBuyActors.Browser;

/// <summary>
/// The system's Chromium, shared by all tests. Each visit has a context of its own: no storage, no cookies of another.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ];

    private static readonly string[] Places =
    [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Find(), Args = Arguments });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>A new window on a silo, which nobody has used before.</summary>
    public async Task<Visit> VisitAsync(Uri silo, BrowserNewContextOptions? options = null)
    {
        options ??= new();
        options.BaseURL = silo.ToString();
        options.ViewportSize ??= new() { Width = 1280, Height = 900 };
        var context = await (
            _browser ?? throw new InvalidOperationException("Chromium has not started.")
        ).NewContextAsync(options);
        return new Visit(context, await context.NewPageAsync(), silo);
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("GROUPBUY_CHROMIUM") is { Length: > 0 } named)
            return named;
        return Places.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException(
                $"There is none of {string.Join(", ", Places)}; install chromium, or name one in GROUPBUY_CHROMIUM."
            );
    }
}
