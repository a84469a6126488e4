using System.Diagnostics;
using System.Text.Json;
using GroupBuyActors.Client;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Http;

/// <summary>A refusal as RFC 9457 problem details. The code is stable; title and detail are for people.</summary>
internal sealed class Problem(int status, string code, string title, string detail) : IResult
{
    /// <summary>Seconds after which the caller may try again; null if that does not help.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The faults of each faulty field.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    public int Status => status;

    public static Problem Of(Refusal refusal)
    {
        var (status, title) = RefusalStatus.Of(refusal.Code);
        return new Problem(status, refusal.Code.Text(), title, refusal.Detail)
        {
            Errors = refusal.Errors,
            RetryAfterSeconds = Problems.RetryAfter(status, refusal.Code),
        };
    }

    public static Problem Of(RefusalCode code, string detail) => Of(new Refusal(code, detail));

    public static Problem Invalid(FieldErrors errors) =>
        Of(new Refusal(RefusalCode.RequestInvalid, errors.Summary) { Errors = errors.ToDictionary() });

    public async Task ExecuteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        if (RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var document = new ProblemDocument
        {
            Type = $"urn:groupbuy:problem:{code}",
            Title = title,
            Status = status,
            Detail = detail,
            Code = code,
            Errors = Errors,
            TraceId = Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier,
        };
        await JsonSerializer.SerializeAsync(response.Body, document, ContractJson.Options, context.RequestAborted);
    }
}

/// <summary>The problems of this service, with their status codes and titles.</summary>
internal static class Problems
{
    public static Problem NotAuthenticated { get; } =
        new(
            StatusCodes.Status401Unauthorized,
            "auth.required",
            "Authentication required",
            "Authentication is required. Send an API key in the header X-Api-Key, or as Authorization: ApiKey "
                + "or Bearer."
        );

    public static Problem TooManyKeys { get; } =
        Problem.Of(RefusalCode.RateLimited, "Too many wrong API keys were sent from this address. Try again later.");

    public static Problem NotJson { get; } =
        new(
            StatusCodes.Status415UnsupportedMediaType,
            "request.unsupported_media_type",
            "Unsupported media type",
            "The body must be sent as Content-Type: application/json, in UTF-8."
        );

    public static Problem RouteNotFound { get; } =
        new(StatusCodes.Status404NotFound, "route.not_found", "Route not found", "This address does not exist.");

    public static Problem TooLarge { get; } =
        new(
            StatusCodes.Status413PayloadTooLarge,
            "request.too_large",
            "Body too large",
            "The body must have at most 1 MB."
        );

    public static Problem Disconnected { get; } =
        new(
            StatusCodes.Status400BadRequest,
            "request.invalid",
            "Invalid request",
            "The connection was closed before the request was complete."
        );

    public static Problem UnsupportedEncoding { get; } =
        new(
            StatusCodes.Status415UnsupportedMediaType,
            "request.encoding_not_taken",
            "Unsupported content encoding",
            "The body must be sent without Content-Encoding."
        );

    public static Problem Busy { get; } =
        new(
            StatusCodes.Status503ServiceUnavailable,
            "connections.exhausted",
            "Too many connections",
            "All connections of this silo are in use. Try again later."
        )
        {
            RetryAfterSeconds = 1,
        };

    public static Problem Forbidden(string detail) =>
        new(StatusCodes.Status403Forbidden, "auth.forbidden", "Not permitted", detail);

    /// <summary>
    /// Every temporary refusal says when to try again, except those of a port: it was tried several times already, and
    /// clients do not repeat what has no time.
    /// </summary>
    public static int? RetryAfter(int status, RefusalCode code) =>
        status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests
        && code is not (RefusalCode.InventoryUnavailable or RefusalCode.PaymentsUnavailable)
            ? 1
            : null;
}
