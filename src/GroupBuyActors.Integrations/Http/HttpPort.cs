using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GroupBuyActors.Ports;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Timeout;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// A service behind a port: sends a document or a query, and converts the outcome to one of the three answers of a
/// port. Done and Refused only if the answer matches the contract; everything else is Unavailable. Never throws.
/// </summary>
internal sealed class HttpPort(
    string name,
    HttpClient http,
    HttpPortMetrics metrics,
    TimeProvider time,
    ILogger<HttpPort> log
)
{
    public const string KeyHeader = "Idempotency-Key";

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Sends a document to the service with an idempotency key.</summary>
    public async Task<PortReply> SendAsync<T>(
        HttpPortCall call,
        string key,
        T document,
        JsonTypeInfo<T> type,
        CancellationToken cancellation
    )
    {
        var began = Begin();
        var reply = new PortReply(PortAnswer.Unavailable);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, call.Route);
            request.Headers.Add(KeyHeader, HeaderText(key));
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(document, type))
            {
                Headers = { ContentType = Json },
            };
            reply = HttpPortAnswers.Read(
                name,
                await ExchangeAsync(request, cancellation).ConfigureAwait(false),
                call.Refusals
            );
        }
        catch (Exception e)
        {
            reply = new PortReply(PortAnswer.Unavailable, Describe(e, call.Operation, cancellation));
        }
        finally
        {
            End(began, call.Operation, reply);
        }

        return reply;
    }

    /// <summary>
    /// Queries the service. <paramref name="read"/> converts a document to the answer, or to null if its values are
    /// impossible; <paramref name="unknown"/> is the answer if the service says, with the code of the call, that it
    /// knows nothing.
    /// </summary>
    public async Task<(PortReply Reply, TAnswer? Answer)> QueryAsync<T, TAnswer>(
        HttpPortCall call,
        string query,
        JsonTypeInfo<T> type,
        Func<T, TAnswer?> read,
        TAnswer? unknown,
        CancellationToken cancellation
    )
        where TAnswer : class
    {
        var began = Begin();
        var reply = new PortReply(PortAnswer.Unavailable);
        TAnswer? answer = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{call.Route}?{query}");
            (reply, answer) = HttpPortAnswers.Read(
                name,
                await ExchangeAsync(request, cancellation).ConfigureAwait(false),
                type,
                read,
                call,
                unknown
            );
        }
        catch (Exception e)
        {
            reply = new PortReply(PortAnswer.Unavailable, Describe(e, call.Operation, cancellation));
        }
        finally
        {
            End(began, call.Operation, reply);
        }

        return (reply, answer);
    }

    /// <summary>
    /// A key in the form of the header: characters that are not plain ASCII are percent-encoded, so that different keys
    /// stay different.
    /// </summary>
    internal static string HeaderText(string key) =>
        Uri.EscapeDataString(key).Replace("%3A", ":", StringComparison.Ordinal);

    private async Task<HttpPortAnswer> ExchangeAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Accept.ParseAdd("application/problem+json");
        PortPipeline.Begin(request, time);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation)
            .ConfigureAwait(false);
        return new HttpPortAnswer(
            response.StatusCode,
            await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false)
        );
    }

    private string Describe(Exception fault, string operation, CancellationToken cancellation)
    {
        switch (fault)
        {
            case OperationCanceledException when cancellation.IsCancellationRequested:
                return "The service did not answer in time.";
            case TimeoutRejectedException late:
                return $"The service did not answer within {late.Timeout.TotalSeconds:0.###} s.";
            case BrokenCircuitException:
                return $"Calls to {name} are suspended because too many of them failed.";
            case RateLimiterRejectedException:
                return $"Too many concurrent calls to {name}.";
            case HttpRequestException or AnswerTooLongException:
                return fault.Message;
            default:
                HttpPortLog.Unforeseen(log, fault, name, operation);
                return fault.Message;
        }
    }

    private long Begin()
    {
        metrics.Began(name);
        return time.GetTimestamp();
    }

    private void End(long began, string operation, PortReply reply)
    {
        metrics.Ended(name, operation, reply.Answer.ToString().ToLowerInvariant(), time.GetElapsedTime(began));
        if (reply.Answer == PortAnswer.Unavailable)
            HttpPortLog.Unavailable(log, name, operation, reply.Detail ?? "");
    }
}

/// <summary>
/// An operation of a service: its name, its route, and the codes of its contract that refuse it permanently (or, for a
/// query, that mean that nothing is known).
/// </summary>
internal sealed record HttpPortCall(string Operation, string Route, params string[] Refusals);

/// <summary>An answer with its whole body.</summary>
internal readonly record struct HttpPortAnswer(HttpStatusCode Status, byte[] Body);
