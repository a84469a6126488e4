using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Http.Logging;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// Logs each try, without bodies and queries, and with secrets masked before the log entry is created. It replaces the
/// factory's own logger, which masks only the text and passes the values unmasked to structured logging.
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
