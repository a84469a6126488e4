using System.Globalization;
using System.Text.Json;
using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Silo.Admin;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Gateways;
using GroupBuyActors.Silo.Hosting;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Silo.Orders;

namespace GroupBuyActors.Silo.Sandbox;

/// <summary>
/// Routes of the sandbox for inventory, payments and notices: its stock, payments, injected faults, and counted calls.
/// </summary>
internal static class SandboxEndpoints
{
    private const int DelayMsMax = 60_000;

    /// <summary>Maps only the routes of ports that the sandbox answers.</summary>
    public static void MapSandbox(this IEndpointRouteBuilder routes)
    {
        var ports = routes.ServiceProvider.GetRequiredService<SiloSettings>().Ports;
        if (!ports.IsAnySandboxed())
            return;
        var sandbox = routes.MapGroup("/v1/sandbox").WithTags("Sandbox").RunsOnSilos();
        if (ports.IsSandboxed(SandboxPort.Inventory))
            MapInventory(sandbox);
        if (ports.IsSandboxed(SandboxPort.Payments))
            MapPayments(sandbox);
        sandbox
            .MapPut("/faults/{port}", SetFaultsAsync)
            .Requires(Operation.ControlSandbox)
            .Describe("Set the faults of a sandbox service", typeof(FaultsDocument))
            .Answers<FaultsDocument>(200)
            .Refuses(400, 404);
        sandbox
            .MapGet("/calls/{port}", CallsAsync)
            .Requires(Operation.ControlSandbox)
            .Describe("List the calls that a sandbox service received")
            .Answers<PageDocument<CallDocument>>(200)
            .Refuses(400, 404);
    }

    private static void MapInventory(IEndpointRouteBuilder sandbox)
    {
        sandbox
            .MapGet("/inventory/{merchantId}/{sku}", StockAsync)
            .Requires(Operation.ControlSandbox)
            .Describe("Read the stock of a sku")
            .Answers<StockDocument>(200)
            .Refuses(400, 404);
        sandbox
            .MapPut("/inventory/{merchantId}/{sku}", SetStockAsync)
            .Requires(Operation.ControlSandbox)
            .Describe("Set the stock of a sku", typeof(StockDocument))
            .Answers<StockDocument>(200)
            .Refuses(400, 404);
    }

    private static void MapPayments(IEndpointRouteBuilder sandbox)
    {
        sandbox
            .MapPost("/payments/{orderId}", PayAsync)
            .Requires(Operation.PayAtSandbox)
            .Describe("Pay an order at the sandbox payment provider", typeof(SandboxPaymentDocument))
            .Answers<SandboxPaymentDocument>(202)
            .Refuses(400, 404, 422);
    }

    private static async Task<IResult> StockAsync(
        string merchantId,
        string sku,
        HttpContext context,
        SandboxControl control
    )
    {
        var errors = new FieldErrors();
        var (merchant, name) = ReadSku(merchantId, sku, errors);
        if (errors.Any)
            return Problem.Invalid(errors);
        return JsonAnswer.Of(Document(await control.GetStockAsync(merchant, name, context.RequestAborted)));
    }

    private static async Task<IResult> SetStockAsync(
        string merchantId,
        string sku,
        HttpContext context,
        SandboxControl control,
        Audit audit
    )
    {
        var errors = new FieldErrors();
        var (merchant, name) = ReadSku(merchantId, sku, errors);
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var fields = body.Fields(errors).Require("available");
        var (available, reserved, deducted) = (
            Units(fields, "available"),
            Units(fields, "reserved"),
            Units(fields, "deducted")
        );
        if (errors.Any)
            return Problem.Invalid(errors);
        var stock = Document(
            await control.SetStockAsync(merchant, name, available ?? 0, reserved, deducted, context.RequestAborted)
        );
        await audit.WriteAsync(
            context,
            "sandbox.inventory",
            $"{merchant}/{name}",
            JsonSerializer.Serialize(stock, ContractJson.Options)
        );
        return JsonAnswer.Of(stock);
    }

    private static async Task<IResult> PayAsync(
        string orderId,
        HttpContext context,
        GroupCalls groups,
        SandboxControl control,
        IdempotencyFilter idempotency
    )
    {
        var query = new Query(context);
        var order = query.Order(orderId);
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var fields = body.Fields(query.Errors);
        var (paymentId, amount) = PaymentFields.Read(fields);
        var callback = fields.Boolean("callback") ?? true;
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        if (await Access.DeniedOrderAsync(context, order, groups) is { } denied)
            return denied;
        var (key, keyProblem) = RequestKeys.Of(context, body);
        return keyProblem
            ?? await idempotency.RunAsync(
                context,
                key,
                async () =>
                {
                    if (!await control.PayAsync(order, new ProviderPayment(paymentId, amount), context.RequestAborted))
                        return Problem.Of(
                            RefusalCode.PaymentConflict,
                            "The payment provider already holds this payment with a different amount."
                        );
                    // The provider notifies the group as its webhook would; the buyer has paid, whatever the group
                    // answers.
                    if (callback)
                        await groups.CallAsync(
                            order.Group,
                            grain => grain.Pay(new PayOrder(order.Number, paymentId, amount, Request: key)),
                            context.RequestAborted,
                            asksPort: true
                        );
                    return JsonAnswer.Of(
                        new SandboxPaymentDocument(paymentId, amount.Amount, amount.Currency, callback),
                        StatusCodes.Status202Accepted
                    );
                }
            );
    }

    private static async Task<IResult> SetFaultsAsync(
        string port,
        HttpContext context,
        SandboxControl control,
        SiloSettings settings,
        Audit audit
    )
    {
        if (!TryReadPort(port, settings, out var which))
            return Problems.RouteNotFound;
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var errors = new FieldErrors();
        var fields = body.Fields(errors);
        var failRate = fields.Number("failRate") ?? 0;
        if (failRate is < 0 or > 1)
            fields.Fault("failRate", "failRate must be between 0 and 1.");
        var delayMs = fields.Int32("delayMs") ?? 0;
        if (delayMs is < 0 or > DelayMsMax)
            fields.Fault("delayMs", $"The delay must be between 0 and {DelayMsMax} ms.");
        var permanent = fields.Boolean("permanent") ?? false;
        var sku = fields.Text("sku");
        if (sku is not null && !TextRules.IsPrintable(sku, 64))
            fields.Fault("sku", "The sku must have 1 to 64 printable characters.");
        if (errors.Any)
            return Problem.Invalid(errors);
        await control.SetFaultAsync(
            which,
            new SandboxFault(failRate, TimeSpan.FromMilliseconds(delayMs), permanent, sku),
            context.RequestAborted
        );
        var faults = new FaultsDocument(failRate, delayMs, permanent, sku);
        await audit.WriteAsync(context, "sandbox.faults", port, JsonSerializer.Serialize(faults, ContractJson.Options));
        return JsonAnswer.Of(faults);
    }

    private static Task<IResult> CallsAsync(
        string port,
        string? key,
        string? after,
        string? limit,
        HttpContext context,
        SandboxControl control,
        SiloSettings settings
    )
    {
        if (!TryReadPort(port, settings, out var which))
            return Task.FromResult<IResult>(Problems.RouteNotFound);
        var query = new Query(context);
        var (only, pageToken, size) = (query.Text("key"), query.Text("after"), query.Limit());
        return query.PageAsync(
            () => control.CallsAsync(which, only, pageToken, size, context.RequestAborted),
            page =>
                JsonAnswer.Of(
                    new PageDocument<CallDocument>(
                        [
                            .. page.Items.Select(call => new CallDocument(
                                call.Key,
                                call.Operation,
                                call.Times,
                                call.FirstAt,
                                call.LastAt
                            )),
                        ],
                        page.Next
                    )
                )
        );
    }

    private static (long Merchant, string Sku) ReadSku(string merchantId, string sku, FieldErrors errors)
    {
        if (
            !long.TryParse(merchantId, NumberStyles.None, CultureInfo.InvariantCulture, out var merchant)
            || merchant < 1
        )
            errors.Add("merchantId", "A merchant id must be a positive 64-bit integer.");
        if (!TextRules.IsPrintable(sku, 64))
            errors.Add("sku", "The sku must have 1 to 64 printable characters.");
        return (merchant, sku);
    }

    private static long? Units(JsonFields fields, string name)
    {
        var units = fields.Int64(name);
        if (units is < 0 or > SandboxStock.UnitsMax)
            fields.Fault(name, $"The number of units must be between 0 and {SandboxStock.UnitsMax}.");
        return units;
    }

    private static bool TryReadPort(string text, SiloSettings settings, out SandboxPort port)
    {
        port = text switch
        {
            "inventory" => SandboxPort.Inventory,
            "payments" => SandboxPort.Payments,
            "notices" => SandboxPort.Notices,
            _ => 0,
        };
        return port != 0 && settings.Ports.IsSandboxed(port);
    }

    private static StockDocument Document(SandboxStock stock) => new(stock.Available, stock.Reserved, stock.Deducted);
}
