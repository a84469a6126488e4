using System.Net;
using System.Net.Http.Headers;
using System.Text;
using GroupBuyActors.Benchmarks.Harness;

namespace GroupBuyActors.Benchmarks.Joins;

/// <summary>
/// The same joins over HTTP/1.1 with kept connections, one a caller, as services behind a gateway make them.
/// </summary>
internal sealed class HttpJoins : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly HttpClient _http;

    public HttpJoins(Uri silo, int connections) =>
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                MaxConnectionsPerServer = connections,
                PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
                UseCookies = false,
                UseProxy = false,
                AllowAutoRedirect = false,
            }
        )
        {
            BaseAddress = silo,
            Timeout = TimeSpan.FromSeconds(30),
        };

    /// <summary>Joins; done where the answer is 201 and has been read whole.</summary>
    public async Task<CallOutcome> JoinAsync(string group, string user, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/groups/{group}/orders")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes($$"""{"userId":"{{user}}"}"""))
            {
                Headers = { ContentType = Json },
            },
        };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead);
        if (answer.StatusCode == HttpStatusCode.Created)
            return CallOutcome.Done;
        throw new HttpRequestException($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _http.Dispose();
}
