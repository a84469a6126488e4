using System.Globalization;
using System.Text;
using System.Text.Json;

namespace GroupBuyActors.Silo.Tests.Fuzzing;

/// <summary>A request as it goes over the wire.</summary>
internal sealed record FuzzRequest(string Method, string Target, string Head, byte[] Body)
{
    /// <summary>What it was made from.</summary>
    public string Operation { get; init; } = "elsewhere";

    /// <summary>False where the framing itself is broken: then the server may hang up without a word.</summary>
    public bool MustBeAnswered { get; init; } = true;

    public byte[] Bytes => [.. Encoding.UTF8.GetBytes($"{Method} {Target} HTTP/1.1\r\n{Head}\r\n"), .. Body];

    public override string ToString() =>
        $"{Method} {Target}\n{Head}\n{Encoding.UTF8.GetString(Body[..Math.Min(Body.Length, 2_000)])}";
}

/// <summary>
/// Makes requests from an OpenAPI document: mostly of the shape it asks for, with one or more values that are not what
/// they should be.
/// </summary>
internal sealed class RequestMaker(JsonElement document, string host, IReadOnlyDictionary<string, string[]> known)
{
    private static readonly string[] Elsewhere =
    [
        "/",
        "/start.js",
        "/nothing",
        "/v1",
        "/v1/",
        "/openapi/v1.json",
        "/openapi/v2.json",
        "/openapi/%ff.json",
        "/scalar",
        "/scalar/v1",
        "/scalar/x",
        "/health/live",
        "/health/ready",
        "/dashboard",
        "/dashboard/",
        "/dashboard/HistoricalStats/x",
        "/dashboard/HistoricalStats/127.0.0.1:1@1",
        "/dashboard/SiloProperties/x",
        "/dashboard/SiloMetadata/x",
        "/dashboard/SiloStats/%20",
        "/dashboard/SiloCounters/127.0.0.1:99999@1",
        "/dashboard/GrainStats/x",
        "/dashboard/GrainState?grainId=x&grainType=y",
        "/dashboard/GrainState",
        "/dashboard/Reminders/0",
        "/dashboard/Reminders/-1",
        "/dashboard/Reminders/99999999",
        "/dashboard/TopGrainMethods?take=x",
        "/dashboard/fonts/..%2f..%2fx",
        "/dashboard/img/%00",
        "/dashboard/ClusterStats",
        "/dashboard/DashboardCounters",
        "/dashboard/GrainTypes",
        "/dashboard/version",
        "/%",
        "/%c0%af",
        "/..%2f..%2fetc/passwd",
        "/a/../../b",
        "//",
        "/v1//groups",
    ];

    private readonly (string Path, string Method, JsonElement Operation)[] _operations =
    [
        .. from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where operation.Value.ValueKind == JsonValueKind.Object && operation.Value.TryGetProperty("responses", out _)
        select (path.Name, operation.Name.ToUpperInvariant(), operation.Value),
    ];

    public FuzzRequest Make(Random random)
    {
        // Half of the requests are as they should be: what comes behind the first check is to be found, too.
        var isWild = random.Next(2) == 0;
        if (random.Next(100) < 6)
            return With(random, "GET", Elsewhere[random.Next(Elsewhere.Length)], []);
        var (path, method, operation) = _operations[random.Next(_operations.Length)];
        var target = new StringBuilder(PathOf(path, random, isWild));
        AddQuery(target, operation, random, isWild);
        var body =
            operation.TryGetProperty("requestBody", out var wanted) || (isWild && random.Next(20) == 0)
                ? Body(wanted, random, isWild)
                : [];
        if (isWild && random.Next(25) == 0)
            method = new[] { "HEAD", "OPTIONS", "TRACE", "PATCH", "DELETE", "PUT", "POST", "get", "FOO" }[
                random.Next(9)
            ];
        var request =
            isWild && random.Next(20) == 0
                ? Broken(method, target.ToString(), body, random)
                : With(random, method, target.ToString(), body);
        return request with { Operation = $"{method} {path}" };
    }

    private FuzzRequest With(Random random, string method, string target, byte[] body)
    {
        var head = new StringBuilder($"Host: {host}\r\nConnection: close\r\n");
        if (body.Length > 0 || method is "POST" or "PUT")
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        if (random.Next(4) > 0)
            head.Append("Content-Type: ")
                .Append(random.Next(10) == 0 ? "text/plain; charset=utf-16" : "application/json")
                .Append("\r\n");
        if (random.Next(3) == 0)
            head.Append("Idempotency-Key: ")
                .Append(random.Next(4) == 0 ? Header(random) : $"k{random.Next()}")
                .Append("\r\n");
        if (random.Next(20) == 0)
            head.Append("Last-Event-ID: ").Append(Header(random)).Append("\r\n");
        if (random.Next(40) == 0)
            head.Append("Content-Encoding: ").Append(random.Next(2) == 0 ? "gzip" : "identity").Append("\r\n");
        if (random.Next(40) == 0)
            head.Append("Accept: ").Append(Header(random)).Append("\r\n");
        return new FuzzRequest(method, target, head.ToString(), body);
    }

    // Chunks and lengths that are none.
    private FuzzRequest Broken(string method, string target, byte[] body, Random random)
    {
        var chunk = new[] { "FFFFFFFFF", "-1", "zz", "7FFFFFFFFFFFFFFF", "10000000000000000", "0", "1;x=y", "" }[
            random.Next(8)
        ];
        var isChunked = random.Next(2) == 0;
        var head =
            $"Host: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + (
                isChunked
                    ? "Transfer-Encoding: chunked\r\n"
                    : $"Content-Length: {new[] { "-1", "x", "99999999999999999999", "1, 2" }[random.Next(4)]}\r\n"
            );
        return new FuzzRequest(
            method,
            target,
            head,
            isChunked ? [.. Encoding.ASCII.GetBytes(chunk + "\r\n"), .. body, .. "\r\n0\r\n\r\n"u8] : body
        )
        {
            MustBeAnswered = false,
        };
    }

    private string PathOf(string template, Random random, bool isWild)
    {
        var segments = template
            .Split('/')
            .Select(segment => segment.StartsWith('{') ? Segment(segment.Trim('{', '}'), random, isWild) : segment);
        var path = string.Join('/', segments);
        return random.Next(isWild ? 30 : 500) switch
        {
            0 => path + "/",
            1 => path.ToUpperInvariant(),
            2 => path.Replace("/v1/", "/v1/./", StringComparison.Ordinal),
            3 => "/x/.." + path,
            4 => path + "/%2e%2e/x",
            _ => path,
        };
    }

    private string Segment(string name, Random random, bool isWild) =>
        (!isWild || random.Next(10) < 5) && known.TryGetValue(name, out var values)
            ? Uri.EscapeDataString(values[random.Next(values.Length)])
        : random.Next(12) == 0 ? new[] { "%", "%ff", "%zz", "%00", "%2e%2e", "%2F" }[random.Next(6)]
        : Escaped(HostileValues.Texts[random.Next(HostileValues.Texts.Length)]);

    private void AddQuery(StringBuilder target, JsonElement operation, Random random, bool isWild)
    {
        var separator = '?';
        foreach (
            var name in Parameters(operation, "query")
                .Where(name => isWild || known.ContainsKey(name))
                .Append("unknown")
        )
        {
            for (
                var times =
                    random.Next(40) == 0 ? 2
                    : random.Next(5) < 2 ? 1
                    : 0;
                times > 0;
                times--
            )
            {
                target
                    .Append(separator)
                    .Append(name)
                    .Append('=')
                    .Append(
                        (!isWild || random.Next(2) == 0) && known.TryGetValue(name, out var values)
                            ? Uri.EscapeDataString(values[random.Next(values.Length)])
                            : Escaped(HostileValues.Texts[random.Next(HostileValues.Texts.Length)])
                    );
                separator = '&';
            }
        }
    }

    private static IEnumerable<string> Parameters(JsonElement operation, string where) =>
        operation.TryGetProperty("parameters", out var parameters)
            ? parameters
                .EnumerateArray()
                .Where(parameter => parameter.GetProperty("in").GetString() == where)
                .Select(parameter => parameter.GetProperty("name").GetString()!)
            : [];

    private byte[] Body(JsonElement wanted, Random random, bool isWild)
    {
        if (wanted.ValueKind != JsonValueKind.Object || (isWild && random.Next(25) == 0))
            return Encoding.UTF8.GetBytes(HostileValues.Json[random.Next(HostileValues.Json.Length)]);
        var schema = wanted.GetProperty("content").GetProperty("application/json").GetProperty("schema");
        var body = Encoding.UTF8.GetBytes(Value("", schema, random, isWild, 0));
        return (isWild ? random.Next(25) : -1) switch
        {
            0 when body.Length > 0 => body[..random.Next(body.Length)],
            1 => Flipped(body, random),
            2 => [.. "\uFEFF"u8, .. body],
            3 => [.. body, .. "}"u8],
            _ => body,
        };
    }

    private string Value(string name, JsonElement schema, Random random, bool isWild, int depth)
    {
        if (isWild && random.Next(12) == 0)
            return HostileValues.Json[random.Next(HostileValues.Json.Length)];
        if (known.TryGetValue(name, out var values) && (!isWild || random.Next(10) < 8))
            return JsonSerializer.Serialize(values[random.Next(values.Length)]);
        schema = Resolved(schema);
        if (schema.TryGetProperty("properties", out var properties) && depth < 4)
        {
            var members = properties
                .EnumerateObject()
                .Where(member => IsNeeded(schema, member.Name) || random.Next(10) < 5)
                .Select(member => $"\"{member.Name}\":{Value(member.Name, member.Value, random, isWild, depth + 1)}")
                .ToList();
            if (isWild && random.Next(20) == 0)
                members.Add($"\"unknown\":{HostileValues.Json[random.Next(HostileValues.Json.Length)]}");
            if (isWild && random.Next(40) == 0 && members.Count > 0)
                members.Add(members[0]);
            return "{" + string.Join(',', members) + "}";
        }

        if (schema.TryGetProperty("enum", out var words))
            return words[random.Next(words.GetArrayLength())].GetRawText();
        return TypeOf(schema) switch
        {
            "integer" or "number" => isWild
                ? HostileValues.Number(random)
                : random.Next(1, 4).ToString(CultureInfo.InvariantCulture),
            "boolean" => random.Next(2) == 0 ? "true" : "false",
            "array" => "[" + HostileValues.Json[random.Next(HostileValues.Json.Length)] + "]",
            _ when schema.TryGetProperty("format", out var format) && format.GetString() == "duration" =>
                $"\"PT{random.Next(1, 100)}M\"",
            _ when schema.TryGetProperty("format", out var format) && format.GetString() == "date-time" =>
                "\"2026-12-24T18:00:00Z\"",
            _ => JsonSerializer.Serialize(
                isWild ? HostileValues.Texts[random.Next(HostileValues.Texts.Length)] : "text"
            ),
        };
    }

    private JsonElement Resolved(JsonElement schema)
    {
        if (schema.TryGetProperty("oneOf", out var choices))
            schema = choices.EnumerateArray().Last();
        return schema.TryGetProperty("$ref", out var reference)
            ? document
                .GetProperty("components")
                .GetProperty("schemas")
                .GetProperty(reference.GetString()!.Split('/')[^1])
            : schema;
    }

    private static bool IsNeeded(JsonElement schema, string name) =>
        schema.TryGetProperty("required", out var required)
        && required.EnumerateArray().Any(one => one.GetString() == name);

    private static string? TypeOf(JsonElement schema) =>
        !schema.TryGetProperty("type", out var type) ? null
        : type.ValueKind == JsonValueKind.String ? type.GetString()
        : type.EnumerateArray().Select(one => one.GetString()).FirstOrDefault(one => one is not ("null" or "string"))
            ?? "string";

    private static byte[] Flipped(byte[] body, Random random)
    {
        for (var i = random.Next(4); i >= 0 && body.Length > 0; i--)
            body[random.Next(body.Length)] ^= (byte)(1 << random.Next(8));
        return body;
    }

    // A lone surrogate has no bytes; as an address it is what others make of it.
    private static string Escaped(string text) => Uri.EscapeDataString(text);

    private static string Header(Random random) =>
        new([
            .. HostileValues
                .Texts[random.Next(HostileValues.Texts.Length)]
                .Where(character => character is >= ' ' and < '\u007f'),
        ]);
}
