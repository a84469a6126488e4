using System.Net.Http.Headers;
using System.Text;
using GroupBuyActors.Testing.Silos;

namespace GroupBuyActors.Browser;

/// <summary>A silo in a process of its own, on SQLite, as its first command starts it: open, on loopback.</summary>
public class ServedSilo : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-browser-").FullName;
    private readonly Dictionary<string, string?> _settings;
    private SiloProcess? _silo;

    // Three digits, so that no id is the beginning of another.
    private static int _groups = 100;

    public ServedSilo()
        : this([]) { }

    protected ServedSilo(Dictionary<string, string?> settings) => _settings = settings;

    public Uri Address => Process.Address;

    public SiloProcess Process => _silo ?? throw new InvalidOperationException("The silo has not started.");

    /// <summary>Sent with what tests prepare.</summary>
    protected virtual string? Secret => null;

    public async ValueTask InitializeAsync() =>
        _silo = await SiloProcess.StartAsync(SiloSettings.Draw("shown", _directory) with { Environment = _settings });

    public async ValueTask DisposeAsync()
    {
        if (_silo is not null)
            await _silo.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Publishes a campaign and gives its id.</summary>
    public async Task<string> PublishAsync(string title)
    {
        var group = $"10042.SH-PUDONG.tea-{Interlocked.Increment(ref _groups)}";
        await SendAsync(
            HttpMethod.Put,
            $"/v1/groups/{group}",
            $$$"""
            {"title":"{{{title}}}","sku":"tea","unitPrice":{"amount":6800,"currency":"CNY"},
             "minGroupSize":2,"capacity":4}
            """
        );
        return group;
    }

    /// <summary>A buyer joins.</summary>
    public Task JoinAsync(string group, string user) =>
        SendAsync(HttpMethod.Post, $"/v1/groups/{group}/orders", $$"""{"userId":"{{user}}"}""");

    private async Task SendAsync(HttpMethod method, string path, string body)
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var request = new HttpRequestMessage(method, path);
        request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        if (Secret is { } secret)
            request.Headers.Add("X-Api-Key", secret);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(
            answer.IsSuccessStatusCode,
            $"{method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"
        );
    }
}
