using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace GroupBuyActors.Silo.Tests;

/// <summary>What the service answered.</summary>
internal sealed record Answer(HttpStatusCode Status, string Text, HttpResponseHeaders Headers, string? ContentType)
{
    public JsonElement Json => JsonElement.Parse(Text);

    public string this[string name] => Json.GetProperty(name).ToString();

    public string Code =>
        ContentType?.EndsWith("json", StringComparison.Ordinal) == true && Json.TryGetProperty("code", out var code)
            ? code.GetString()!
            : "";

    public string[] FaultyFields =>
        [.. Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal)];

    public bool IsReplayed => Headers.TryGetValues("Idempotency-Replayed", out var values) && values.Single() == "true";

    /// <summary>Holds the status and gives the answer back, with all it said where it does not.</summary>
    public Answer Is(HttpStatusCode status, string code = "")
    {
        Assert.True(Status == status && Code == code, $"Expected {(int)status} {code}, got {(int)Status}: {Text}");
        return this;
    }
}

/// <summary>Calls the API with bodies as they are written, well formed or not.</summary>
internal sealed class Api(HttpClient http)
{
    public string? Secret { get; init; }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> PutAsync(string path, string body) => SendAsync(HttpMethod.Put, path, body);

    public Task<Answer> PostAsync(string path, string? body = null, string? key = null) =>
        SendAsync(HttpMethod.Post, path, body, key);

    public Task<Answer> SendAsync(HttpMethod method, string path, string? body, string? key = null) =>
        SendBytesAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), key);

    /// <summary>Sends a path as it is written, dot segments and escapes included, and a body of any bytes.</summary>
    public async Task<Answer> SendBytesAsync(
        HttpMethod method,
        string path,
        byte[]? body,
        string? key = null,
        params (string Name, string Value)[] headers
    )
    {
        var address = new Uri(
            http.BaseAddress!.GetLeftPart(UriPartial.Authority) + path,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
        );
        using var request = new HttpRequestMessage(method, address);
        if (body is not null)
            request.Content = new ByteArrayContent(body)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            };
        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content!.Headers.TryAddWithoutValidation(name, value);
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        if (Secret is not null)
            request.Headers.Add("X-Api-Key", Secret);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response.Headers,
            response.Content.Headers.ContentType?.MediaType
        );
    }

    public Task<Answer> PublishAsync(GroupId group, int people = 2, string more = "") =>
        PutAsync($"/v1/groups/{group}", Offer(people, more));

    public Task<Answer> JoinAsync(GroupId group, string user, string? key = null) =>
        PostAsync($"/v1/groups/{group}/orders", $$"""{"userId":"{{user}}"}""", key);

    public Task<Answer> PayAsync(string order, long amount = 9900, string paymentId = "p-1", string? key = null) =>
        PostAsync(
            $"/v1/orders/{order}/payments",
            $$"""{"paymentId":"{{paymentId}}","amount":{{amount}},"currency":"CNY"}""",
            key
        );

    public static string Offer(int people = 2, string more = "") =>
        """{"title":"龙井 tea","sku":"tea-250","unitPrice":{"amount":9900,"currency":"CNY"},"""
        + $"\"minGroupSize\":{people}{more}}}";

    /// <summary>A fulfilled group of as many buyers as it needs: its orders, vouchers issued.</summary>
    public async Task<Answer[]> FulfilAsync(GroupId group, int people = 2, string more = "")
    {
        (await PublishAsync(group, people, more)).Is(HttpStatusCode.Created);
        var orders = new List<string>();
        for (var i = 1; i <= people; i++)
            orders.Add((await JoinAsync(group, $"buyer-{i}")).Is(HttpStatusCode.Created)["orderId"]);
        foreach (var order in orders)
            (await PayAsync(order)).Is(HttpStatusCode.OK);
        await Until(async () => (await GetAsync($"/v1/groups/{group}"))["state"] == "FULFILLED");
        return await Task.WhenAll(orders.Select(order => GetAsync($"/v1/orders/{order}")));
    }

    /// <summary>Asks again until something holds that follows by itself, at most 20 s.</summary>
    public static async Task Until(Func<Task<bool>> holds)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(20))
                Assert.Fail("It did not come to hold within 20 s.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
