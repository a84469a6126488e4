using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orleans.Dashboard;
using Scalar.AspNetCore;

namespace GroupBuyActors.Silo.Telemetry;

/// <summary>
/// What people and machines look at the service with: its description, its metrics, the Orleans Dashboard.
/// </summary>
internal static class Tools
{
    // Both pages' libraries write styles into elements and load images and fonts that are part of them; code comes from
    // files alone, or carries the answer's nonce.
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

    // The page's script lies packed in its library. Unpacking its five megabytes for whoever does not ask for it packed
    // would cost more than anything else that needs no key; every browser unpacks.
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

    // The page is to try this service on. What it offers besides is its maker's, elsewhere, and would send the document
    // there.
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
                            // Where the document came from, whatever name a caller used for that.
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

    // The page on which calls are tried asks for the key, then.
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

    // Bodies and the idempotency header are read by hand, so the description names them by hand too.
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

    // What our own converters write as text.
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
