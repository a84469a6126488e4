using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using WireMock;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>
/// One of the documents in <c>deploy/contracts</c>, as something to hold requests and answers against.
/// </summary>
internal sealed class Contract
{
    private readonly OpenApiDocument _document;

    private Contract(OpenApiDocument document) => _document = document;

    /// <summary>Every operation, with its path and method.</summary>
    public IEnumerable<(string Path, HttpMethod Method, OpenApiOperation Operation)> Operations =>
        from path in _document.Paths
        from operation in path.Value.Operations!
        select (path.Key, operation.Key, operation.Value);

    public static async Task<Contract> ReadAsync(string port)
    {
        var settings = new OpenApiReaderSettings();
        settings.AddYamlReader();
        var file = Path.Combine(AppContext.BaseDirectory, "contracts", $"{port}.openapi.yaml");
        var read = OpenApiDocument.Parse(await File.ReadAllTextAsync(file), OpenApiConstants.Yaml, settings);
        Assert.Empty(read.Diagnostic!.Errors.Select(error => error.ToString()));
        Assert.Empty(read.Diagnostic.Warnings.Select(warning => warning.ToString()));
        return new Contract(read.Document!);
    }

    /// <summary>
    /// The operation that a request is meant for; fails where there is none, or the request is not as it says.
    /// </summary>
    public async Task<string> OperationOfAsync(IRequestMessage request, string basePath)
    {
        Assert.StartsWith(basePath, request.Path, StringComparison.Ordinal);
        var path = request.Path[basePath.Length..];
        var found = Assert
            .Single(
                Operations,
                operation =>
                    operation.Path == path
                    && operation.Method.Method.Equals(request.Method, StringComparison.OrdinalIgnoreCase)
            )
            .Operation;
        var parameters = found.Parameters ?? [];
        foreach (var parameter in parameters)
            await CheckAsync(request, parameter);
        foreach (var name in request.Query?.Keys ?? [])
            Assert.Contains(parameters, parameter => parameter.In == ParameterLocation.Query && parameter.Name == name);
        if (found.RequestBody is { } body)
        {
            Assert.Equal("application/json", request.Headers!["Content-Type"].Single());
            await ConformsAsync(body.Content!["application/json"].Schema!, request.Body!);
        }
        else
        {
            Assert.True(string.IsNullOrEmpty(request.Body), "The contract has no body here.");
        }

        return found.OperationId!;
    }

    /// <summary>Fails where a JSON text is not what a schema says.</summary>
    public static async Task ConformsAsync(IOpenApiSchema schema, string json)
    {
        var faults = (await SchemaAsync(schema)).Validate(json);
        Assert.True(faults.Count == 0, $"{string.Join("; ", faults)} in {json}");
    }

    /// <summary>The codes that a refusal of an operation may carry.</summary>
    public static IEnumerable<string> CodesOf(OpenApiOperation operation, string status) =>
        !operation.Responses!.TryGetValue(status, out var response)
            ? []
            : from part in response.Content!["application/problem+json"].Schema!.AllOf ?? []
            from property in part.Properties ?? new Dictionary<string, IOpenApiSchema>()
            where property.Key == "code"
            from code in property.Value.Enum ?? []
            select code.GetValue<string>();

    private static async Task CheckAsync(IRequestMessage request, IOpenApiParameter parameter)
    {
        var values = parameter.In == ParameterLocation.Header ? request.Headers : request.Query;
        if (values is null || !values.TryGetValue(parameter.Name!, out var sent))
        {
            Assert.False(parameter.Required, $"{parameter.Name} is missing.");
            return;
        }

        var text = Assert.Single(sent);
        var isNumber = parameter.Schema!.Type == JsonSchemaType.Integer;
        await ConformsAsync(
            parameter.Schema,
            isNumber ? text : JToken.FromObject(text).ToString(Newtonsoft.Json.Formatting.None)
        );
    }

    private static async Task<JsonSchema> SchemaAsync(IOpenApiSchema schema)
    {
        using var text = new StringWriter(System.Globalization.CultureInfo.InvariantCulture);
        schema.SerializeAsV31(
            new OpenApiJsonWriter(text, new OpenApiJsonWriterSettings { InlineLocalReferences = true })
        );
        return await JsonSchema.FromJsonAsync(text.ToString());
    }
}
