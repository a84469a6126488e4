using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Http.Logging;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// Writes what goes over the wire, try by try, without bodies and queries, and with secrets masked before anything of
/// the entry is made. It stands where the factory's own logger would: that one masks its text and hands the values on
/// as they are to whoever stores entries by their members.
/// </summary>
internal sealed class MaskingLogger(string port, MaskedHeaders masked, ILogger log) : IHttpClientLogger
{
    private const string Mask = "***";

    public object? LogRequestStart(HttpRequestMessage request)
    {
        HttpPortLog.Asking(log, port, request.Method.Method, request.RequestUri?.AbsolutePath ?? "");
        if (log.IsEnabled(LogLevel.Trace))
            HttpPortLog.AskingWith(log, port, Text(request.Headers, request.Content?.Headers));
        return null;
    }

    public void LogRequestStop(
        object? context,
        HttpRequestMessage request,
        HttpResponseMessage response,
        TimeSpan elapsed
    )
    {
        HttpPortLog.Answered(log, port, (int)response.StatusCode, elapsed);
        if (log.IsEnabled(LogLevel.Trace))
            HttpPortLog.AnsweredWith(log, port, Text(response.Headers, response.Content.Headers));
    }

    public void LogRequestFailed(
        object? context,
        HttpRequestMessage request,
        HttpResponseMessage? response,
        Exception exception,
        TimeSpan elapsed
    ) => HttpPortLog.Failed(log, exception, port, elapsed);

    private string Text(params ReadOnlySpan<HttpHeaders?> all)
    {
        var text = new StringBuilder();
        foreach (var headers in all)
            if (headers is not null)
                foreach (var (name, values) in headers.NonValidated)
                    text.Append(text.Length == 0 ? "" : "; ")
                        .Append(name)
                        .Append(": ")
                        .Append(masked.Covers(name) ? Mask : values.ToString());
        return text.ToString();
    }
}
