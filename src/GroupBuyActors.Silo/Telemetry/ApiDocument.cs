using System.Security.Cryptography;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace GroupBuyActors.Silo.Telemetry;

/// <summary>
/// The OpenAPI description, built once, because anyone may request it and building it costs as much as hundreds of
/// reads. It does not depend on the request.
/// </summary>
internal sealed class ApiDocument([FromKeyedServices(ApiDocument.Name)] IOpenApiDocumentProvider provider)
{
    public const string Name = "v1";

    private readonly Lock _gate = new();
    private Task<Built>? _built;

    /// <summary>The document as it is sent, and its entity tag.</summary>
    internal sealed record Built(byte[] Json, EntityTagHeaderValue Tag);

    /// <summary>
    /// Builds the document with the first call, for which all others wait. After a failure the next call builds it
    /// again.
    /// </summary>
    public Task<Built> ReadAsync()
    {
        lock (_gate)
        {
            // Runs on the thread pool and without a caller's cancellation, because the first caller may disconnect.
            if (_built is null || _built.IsFaulted)
                _built = Task.Run(BuildAsync);
            return _built;
        }
    }

    private async Task<Built> BuildAsync()
    {
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        using var json = new MemoryStream();
        await document.SerializeAsJsonAsync(json, OpenApiSpecVersion.OpenApi3_1, CancellationToken.None);
        var bytes = json.ToArray();
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return new Built(bytes, new EntityTagHeaderValue($"\"{hash}\""));
    }
}
