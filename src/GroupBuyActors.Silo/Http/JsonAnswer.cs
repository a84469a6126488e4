using System.Text.Json;
using GroupBuyActors.Client;

namespace GroupBuyActors.Silo.Http;

/// <summary>A document of the API with its status code.</summary>
internal sealed class JsonAnswer(int status, byte[] body, string? location = null, bool replayed = false) : IResult
{
    public const string ReplayedHeader = "Idempotency-Replayed";

    public int Status => status;

    public ReadOnlyMemory<byte> Body => body;

    public string? Location => location;

    // Replayed: true if this is the remembered answer of an earlier request with the same key.
    public static JsonAnswer Of<T>(
        T document,
        int status = StatusCodes.Status200OK,
        string? location = null,
        bool replayed = false
    ) => new(status, JsonSerializer.SerializeToUtf8Bytes(document, ContractJson.Options), location, replayed);

    public Task ExecuteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = body.Length;
        if (location is not null)
            response.Headers.Location = location;
        // Without a caller's key, the repeat is a retry of this service.
        if (replayed && IdempotencyHeader.IsGiven(context))
            response.Headers[ReplayedHeader] = "true";
        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
