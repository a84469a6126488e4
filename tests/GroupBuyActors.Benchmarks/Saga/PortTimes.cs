using System.Net.Http.Json;
using System.Text.Json;

namespace GroupBuyActors.Benchmarks.Saga;

/// <summary>
/// When ports were called, by their own books: stock by group, and the last notice of a group. To the millisecond,
/// rounded down, on the clock of the machine, which the callers share.
/// </summary>
internal sealed class PortTimes
{
    private readonly Dictionary<string, DateTimeOffset> _deducted = [],
        _noticed = [];
    private readonly Dictionary<string, int> _notices = [];

    /// <summary>Reads the books of a silo's sandbox.</summary>
    public static async Task<PortTimes> ReadAsync(Uri silo, CancellationToken cancellation)
    {
        var times = new PortTimes();
        using var http = new HttpClient { BaseAddress = silo, Timeout = TimeSpan.FromSeconds(60) };
        await times.ReadAsync(http, "inventory", cancellation);
        await times.ReadAsync(http, "notices", cancellation);
        return times;
    }

    /// <summary>
    /// When stock of the group was deducted and all of its buyers' notices were handed over; null where they were not.
    /// </summary>
    public (DateTimeOffset Deducted, DateTimeOffset Noticed)? Of(string group, int buyers) =>
        _deducted.TryGetValue(group, out var deducted) && _notices.GetValueOrDefault(group) == buyers
            ? (deducted, _noticed[group])
            : null;

    private async Task ReadAsync(HttpClient http, string port, CancellationToken cancellation)
    {
        for (string? next = null; ; )
        {
            var page = await http.GetFromJsonAsync<JsonElement>(
                $"/v1/sandbox/calls/{port}?limit=500{(next is null ? "" : $"&after={Uri.EscapeDataString(next)}")}",
                cancellation
            );
            foreach (var item in page.GetProperty("items").EnumerateArray())
                Take(item.GetProperty("key").GetString()!.Split(':'), item.GetProperty("lastAt").GetDateTimeOffset());
            next = page.TryGetProperty("next", out var after) ? after.GetString() : null;
            if (next is null)
                return;
        }
    }

    private void Take(string[] key, DateTimeOffset at)
    {
        if (key is ["deduct", var group, _])
        {
            _deducted[group] = at;
        }
        else if (key is ["notice", var order, _])
        {
            var of = order[..order.LastIndexOf('.')];
            _notices[of] = _notices.GetValueOrDefault(of) + 1;
            if (at > _noticed.GetValueOrDefault(of))
                _noticed[of] = at;
        }
    }
}
