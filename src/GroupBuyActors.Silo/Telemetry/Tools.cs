using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orleans.Dashboard;
using Scalar.AspNetCore;

namespace GroupBuyActors.Silo.Telemetry;

/// <summary>Maps the tools: the OpenAPI description with its page, metrics, and the Orleans Dashboard.</summary>
internal static class Tools
{
    // The libraries of both pages write inline styles and load embedded images and fonts; scripts come only from files
    // or have the answer's nonce.
    private const string DashboardPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    private const string ScalarPolicy =
        "default-src 'none'; script-src 'self' {nonce}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    public static void MapTools(this WebApplication app)
    {
        app.MapGet($"/openapi/{ApiDocument.Name}.json", ReadDocumentAsync).ExcludeFromDescription();
        app.UseScalarPacked();
        app.MapScalarApiReference("/scalar", Describe).WithContentPolicy(ScalarPolicy);
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapOrleansDashboard("/dashboard")
            .Requires(Operation.ViewDashboard)
            .WithContentPolicy(DashboardPolicy)
            .ExcludeFromDescription();
    }

    private static async Task<IResult> ReadDocumentAsync(HttpContext context, ApiDocument document)
    {
        var built = await document.ReadAsync();
        context.Response.Headers.CacheControl = "no-cache";
        return Results.Bytes(built.Json, "application/json; charset=utf-8", entityTag: built.Tag);
    }

    // The page's script is stored compressed in its library. Decompressing its five megabytes for callers that do not
    // accept gzip would cost more than any other request without a key; every browser accepts gzip.
    private static void UseScalarPacked(this WebApplication app) =>
        app.Use(
            (context, next) =>
            {
                var request = context.Request;
                if (request.Path.StartsWithSegments("/scalar", StringComparison.OrdinalIgnoreCase))
                    request.Headers.AcceptEncoding = "gzip";
                return next(context);
            }
        );

    // The page is for trying this service. Its other features are external services of its maker, to which it would
    // send the document.
    private static void Describe(ScalarOptions scalar) =>
        scalar
            .WithTitle("GroupBuyActors")
            .DisableDefaultFonts()
            .WithNonce()
            .HideDeveloperTools()
            .DisableAgent()
            .DisableMcp()
            .DisableTelemetry()
            .HideClientButton();

    public static void AddApiDescription(this IServiceCollection services) =>
        services
            .AddSingleton<ApiDocument>()
            .AddOpenApi(
                "v1",
                api =>
                {
                    api.AddDocumentTransformer(
                        (document, context, _) =>
                        {
                            document.Info = new OpenApiInfo
                            {
                                Title = "GroupBuyActors",
                                Version = "v1",
                                Description =
                                    "Group-buying campaigns: publish, join, pay, redeem. Errors are problem "
                                    + "details with a stable `code`; `Idempotency-Key` is honoured on every POST "
                                    + "and on every change of a group.",
                            };
                            // The server that sent the document, whatever host name the caller used.
                            document.Servers = [new OpenApiServer { Url = "/" }];
                            if (context.ApplicationServices.GetRequiredService<AuthOptions>().Mode == AuthMode.ApiKey)
                                DescribeKey(document);
                            return Task.CompletedTask;
                        }
                    );
                    api.AddOperationTransformer(DescribeAsync);
                    api.AddSchemaTransformer(DescribeTextAsync);
                }
            );

    // With this the Scalar page asks for the key.
    private static void DescribeKey(OpenApiDocument document)
    {
        const string name = "apiKey";
        document.AddComponent<IOpenApiSecurityScheme>(
            name,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "X-Api-Key",
                Description = "Also accepted as Authorization: ApiKey or Bearer.",
            }
        );
        document.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, document)] = [] },
        ];
    }

    // Handlers read bodies and the idempotency header themselves, so they are described here.
    private static async Task DescribeAsync(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellation
    )
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<BodyMetadata>().LastOrDefault() is { } body)
        {
            var schema = await context.GetOrCreateSchemaAsync(body.Document, cancellationToken: cancellation);
            operation.RequestBody = new OpenApiRequestBody
            {
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = schema } },
            };
        }

        operation.OperationId = OperationIds.Of(
            context.Description.HttpMethod ?? "",
            context.Description.RelativePath ?? ""
        );
        if (
            context.Description.HttpMethod == HttpMethods.Post
            || context.Description.ActionDescriptor.EndpointMetadata.OfType<KeyMetadata>().Any()
        )
            (operation.Parameters ??= []).Add(
                new OpenApiParameter
                {
                    Name = IdempotencyHeader.Name,
                    In = ParameterLocation.Header,
                    Description = "1 to 255 characters; the same key and body return the first answer again, for 24 h.",
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.String,
                        MinLength = 1,
                        MaxLength = 255,
                    },
                }
            );
    }

    // Types that our own converters write as text.
    private static Task DescribeTextAsync(
        OpenApiSchema schema,
        OpenApiSchemaTransformerContext context,
        CancellationToken cancellation
    )
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var format =
            type == typeof(DateTimeOffset) ? "date-time"
            : type == typeof(TimeSpan) ? "duration"
            : null;
        if (
            format is null
            && type != typeof(GroupId)
            && type != typeof(OrderId)
            && type != typeof(VoucherCode)
            && type != typeof(ShardId)
        )
            return Task.CompletedTask;
        schema.Type =
            type == context.JsonTypeInfo.Type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
        schema.Format = format;
        schema.Properties?.Clear();
        schema.Required?.Clear();
        return Task.CompletedTask;
    }
}
