using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Silo.Tests.Fuzzing;

/// <summary>
/// Random requests made from the silo's own OpenAPI document find no fault of the service. GROUPBUY_SEED repeats a run,
/// and GROUPBUY_FUZZ_REQUESTS makes it longer: request i of a seed is the same each time, but for the secrets of the
/// vouchers in it.
/// </summary>
public sealed class ApiFuzzTests(ITestOutputHelper output)
{
    private const int Callers = 4,
        AnswerMax = 16 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What a port that was told to fail, or a payment that must be asked about, answers.</summary>
    private static readonly string[] Wanted = ["inventory.unavailable", "payments.unavailable"];

    [Fact]
    public async Task TenThousandRequestsFindNoFaultOfTheService()
    {
        await using var silo = new FuzzedSilo([]);
        await FuzzAsync(silo, requests: 10_000);
    }

    [Fact]
    public async Task ThreeThousandRequestsFindNoneOnMySqlEither()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var silo = new FuzzedSilo([
            "--GroupBuy:Storage:Provider",
            "MySql",
            "--ConnectionStrings:GroupBuy",
            server.ConnectionString(await server.CreateDatabaseAsync("fuzz")),
        ]);
        await FuzzAsync(silo, requests: 3_000);
    }

    private async Task FuzzAsync(FuzzedSilo silo, int requests)
    {
        await silo.InitializeAsync();
        var seed = Number("GROUPBUY_SEED") ?? (int)(TimeProvider.System.GetTimestamp() & 0xFFFFFF);
        requests = Number("GROUPBUY_FUZZ_REQUESTS") ?? requests;
        output.WriteLine($"GROUPBUY_SEED={seed}");
        var maker = new RequestMaker(
            (await silo.Api.GetAsync("/openapi/v1.json")).Is(HttpStatusCode.OK).Json,
            silo.Url.Authority,
            await silo.PlayAsync()
        );
        var faults = new ConcurrentQueue<(string Kind, string Text)>();
        var statuses = new ConcurrentDictionary<string, int>();
        await Parallel.ForAsync(
            0,
            requests,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = Callers,
                CancellationToken = TestContext.Current.CancellationToken,
            },
            async (i, limit) =>
            {
                var request = maker.Make(new Random(unchecked(seed * 1_000_003 + i)));
                var (status, answer) = await SendAsync(silo.Url, request, limit);
                statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
                if (!IsRight(request, status, answer))
                    faults.Enqueue(
                        (
                            $"{status} {request.Operation}",
                            $"Request {i} of seed {seed}: {status}\n{request}\n→ {answer}"
                        )
                    );
                // What a port is told to do must not slow down all that follows.
                if (request.Target.Contains("/faults/", StringComparison.OrdinalIgnoreCase))
                    await silo.HealPortsAsync();
            }
        );
        output.WriteLine(
            string.Join(
                ", ",
                statuses
                    .OrderBy(status => status.Key, StringComparer.Ordinal)
                    .Select(status => $"{status.Key}: {status.Value}")
            )
        );
        Assert.True(
            faults.IsEmpty,
            $"{faults.Count} faults; one of each "
                + $"kind:\n{string.Join("\n\n", faults.DistinctBy(fault => fault.Kind).Select(fault => fault.Text))}"
        );
        await silo.StillServesAsync();
    }

    private static bool IsRight(FuzzRequest request, string status, string answer) =>
        status switch
        {
            "" => !request.MustBeAnswered,
            _ when status[0] != '5' => true,
            "503" => Wanted.Any(code => answer.Contains($"\"code\":\"{code}\"", StringComparison.Ordinal)),
            // TRACE and methods that nobody knows.
            "501" => true,
            _ => false,
        };

    // Written byte by byte, for no client would send all of this; read as far as tells what it was, so that streams end
    // here, too.
    private static async Task<(string Status, string Answer)> SendAsync(
        Uri url,
        FuzzRequest request,
        CancellationToken limit
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(limit);
        patience.CancelAfter(Patience);
        using var connection = new TcpClient();
        await connection.ConnectAsync(url.Host, url.Port, patience.Token);
        var stream = connection.GetStream();
        var answer = new byte[AnswerMax];
        var length = 0;
        try
        {
            await stream.WriteAsync(request.Bytes, patience.Token);
            while (
                length < answer.Length
                && await stream.ReadAsync(answer.AsMemory(length), patience.Token) is var read and > 0
            )
            {
                length += read;
                if (Encoding.ASCII.GetString(answer, 0, length).Contains("text/event-stream", StringComparison.Ordinal))
                    break;
            }
        }
        catch (Exception e) when (e is IOException or SocketException && !patience.IsCancellationRequested)
        {
            // The server hung up; what it said before counts.
        }

        var text = Encoding.UTF8.GetString(answer, 0, length);
        return (text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? text[9..12] : "", text);
    }

    private static int? Number(string variable) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(variable),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var given
        )
            ? given
            : null;
}

/// <summary>A silo that has seen some campaigns, so that ids lead somewhere.</summary>
internal sealed class FuzzedSilo(string[] settings) : TestSilo(["--Logging:LogLevel:Default", "None", .. settings])
{
    private static readonly string[] Ports = ["inventory", "payments", "notices"];

    /// <summary>Plays some campaigns; gives the ids in them by the names that parameters and members have.</summary>
    public async Task<IReadOnlyDictionary<string, string[]>> PlayAsync()
    {
        var (fulfilled, open) = (NewGroup(), NewGroup());
        var vouchers = (await Api.FulfilAsync(fulfilled)).Select(order => order["voucherCode"]).ToArray();
        GroupId[] others = [.. Enumerable.Range(1, 40).Select(i => GroupId.Parse($"77.SH.fuzz-{i}"))];
        foreach (var group in others.Take(30).Append(open))
            (await Api.PublishAsync(group, 2, ",\"capacity\":9000,\"perUserLimit\":9000")).Is(HttpStatusCode.Created);
        for (var i = 1; i <= 3; i++)
            (await Api.JoinAsync(open, $"buyer-{i}")).Is(HttpStatusCode.Created);
        await Api.PayAsync($"{open}.1");
        var tasks = (await Api.GetAsync("/v1/admin/tasks"))
            .Json.GetProperty("items")
            .EnumerateArray()
            .Select(task => task.GetProperty("taskId").GetString()!)
            .Take(20)
            .ToArray();
        GroupId[] groups = [fulfilled, open, .. others];
        return new Dictionary<string, string[]>
        {
            ["groupId"] = [.. groups.Select(group => group.Value)],
            ["orderId"] = [.. groups.SelectMany(group => new[] { $"{group}.1", $"{group}.2", $"{group}.9" })],
            ["voucherCode"] = [.. vouchers, $"{open}.1.abcdefghijklmnopqrstuvwxyz"],
            ["taskId"] = [.. tasks, $"groups:{open}:4:order-close:0", $"groups:{fulfilled}:1:stock-rollback:0"],
            ["merchantId"] = [$"{open.MerchantId}", "77"],
            ["userId"] = ["buyer-1", "buyer-2", "lin", "龙"],
            ["sku"] = ["tea-250", "other"],
            ["port"] = Ports,
            ["taskType"] = ["refund", "notify", "order-close"],
            ["type"] = ["refund", "notify", "order-close"],
            ["status"] = ["pending", "running", "success", "dead", "cancelled"],
            ["state"] = ["ON_SHELF", "OPENING", "EXPIRED"],
            ["shard"] = [open.Shard.ToString()],
            ["limit"] = ["1", "2", "500"],
            ["currency"] = ["CNY", "USD"],
            ["paymentId"] = ["p-1", "p-2", "p-3"],
            ["title"] = ["Longjing"],
            ["lapsePolicy"] = ["refund", "forfeit"],
            ["countBy"] = ["joined", "paid"],
        };
    }

    public Task HealPortsAsync() =>
        Task.WhenAll(Ports.Select(port => Api.PutAsync($"/v1/sandbox/faults/{port}", "{}")));

    public async Task StillServesAsync()
    {
        Assert.Equal(HttpStatusCode.OK, (await Api.GetAsync("/health/ready")).Status);
        var group = NewGroup();
        (await Api.PublishAsync(group)).Is(HttpStatusCode.Created);
        (await Api.JoinAsync(group, "lin")).Is(HttpStatusCode.Created);
    }
}
