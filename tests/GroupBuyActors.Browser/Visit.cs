using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace GroupBuyActors.Browser;

/// <summary>
/// One window, with everything that the browser complained of and every address asked that is not the silo's.
/// </summary>
public sealed class Visit : IAsyncDisposable
{
    /// <summary>How long a person waits for what a page is there for.</summary>
    public const float Patience = 3_000;

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<string> _elsewhere = new();

    internal Visit(IBrowserContext context, IPage page, Uri silo)
    {
        (_context, Page, Silo) = (context, page, silo);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _complaints.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
        };
        page.PageError += (_, fault) => _complaints.Enqueue($"uncaught: {fault}");
        page.RequestFailed += (_, request) =>
        {
            // What the page itself gives up, as when it is left, is no failure.
            if (request.Failure != "net::ERR_ABORTED")
                _complaints.Enqueue($"failed: {request.Method} {request.Url}: {request.Failure}");
        };
        page.Request += (_, request) =>
        {
            var asked = new Uri(request.Url);
            if (asked.Scheme.StartsWith("http", StringComparison.Ordinal) && asked.Authority != silo.Authority)
                _elsewhere.Enqueue(request.Url);
        };
    }

    public IPage Page { get; }

    public Uri Silo { get; }

    public ILocator Status => Page.GetByRole(AriaRole.Status);

    /// <summary>A campaign's card on the start page.</summary>
    public ILocator Card(string group) =>
        Page.GetByRole(AriaRole.List).GetByRole(AriaRole.Listitem).Filter(new() { HasText = group });

    /// <summary>The browser complained of nothing and asked nobody else.</summary>
    public void IsQuiet()
    {
        Assert.Empty(_complaints);
        Assert.Empty(_elsewhere);
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
