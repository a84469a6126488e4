using System.Security.Cryptography;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace GroupBuyActors.Silo.Telemetry;

/// <summary>
/// The description of the API, built once: anyone may ask for it, and building it takes as much as some hundred reads.
/// It depends on nothing that a caller sends.
/// </summary>
internal sealed class ApiDocument([FromKeyedServices(ApiDocument.Name)] IOpenApiDocumentProvider provider)
{
    public const string Name = "v1";

    private readonly Lock _gate = new();
    private Task<Built>? _built;

    /// <summary>The document as it is sent, and what says that it is this one.</summary>
    internal sealed record Built(byte[] Json, EntityTagHeaderValue Tag);

    /// <summary>
    /// Builds it with the first call; all others wait for that. One that failed is built anew by the next.
    /// </summary>
    public Task<Built> ReadAsync()
    {
        lock (_gate)
        {
            // On its own thread and with nobody's cancellation: the first caller may hang up, and no caller works for
            // the others.
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
