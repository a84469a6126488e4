using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Reconciliation;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Store.Reading;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Silo.Admin;

/// <summary>
/// The route of a merchant's books: our own in one read, and their differences from the ports' books.
/// </summary>
internal static class ReconciliationEndpoints
{
    private static readonly string[] Switch = ["true", "false"];

    public static void MapReconciliation(this IEndpointRouteBuilder admin) =>
        admin
            .MapGet("/reconciliation", ReconcileAsync)
            .Requires(Operation.Administer)
            .WithMetadata(new LongRunningAnswer())
            .Describe("Read a merchant's books of money and stock, and where the services' own books differ")
            .Answers<BooksDocument>(200)
            .Refuses(400);

    private static async Task<IResult> ReconcileAsync(
        string? merchantId,
        string? ports,
        HttpContext context,
        IGroupQueries queries,
        BookComparer comparer,
        ClusterClock clock,
        IOptions<EdgeOptions> options
    )
    {
        var query = new Query(context);
        var merchant = query.MerchantId(required: true);
        var comparing = TaskEndpoints.OneOf(query, "ports", Switch) != "false";
        if (query.Errors.Any || merchant is not { } id)
            return Problem.Invalid(query.Errors);
        // Our books are read separately: they balance at any instant, whatever the ports do meanwhile.
        var books = await queries.BooksAsync(id, clock.GetUtcNow(), context.RequestAborted);
        var comparison = comparing
            ? await comparer.CompareAsync(id, options.Value.ReconciliationBound, context.RequestAborted)
            : null;
        return JsonAnswer.Of(Document(books) with { Ports = comparison is null ? null : Document(comparison) });
    }

    private static BooksDocument Document(MerchantBooks books) =>
        new(
            books.Currencies,
            new StockBooksDocument(books.Reserved, books.Outstanding, books.Deducted, books.Released),
            books.IsBalanced
        );

    private static PortBooksDocument Document(MerchantComparison comparison) =>
        new(
            Document(
                comparison.Payments,
                line => new PaymentDifferenceDocument(
                    OrderId.Parse(line.Key.Id),
                    line.Key.Part,
                    JsonNames<DifferenceKind>.Of(line.Kind),
                    Document(line.Ours),
                    Document(line.Theirs)
                )
            ),
            Document(
                comparison.Stock,
                line => new StockDifferenceDocument(
                    GroupId.Parse(line.Key.Id),
                    JsonNames<DifferenceKind>.Of(line.Kind),
                    Document(line.Ours),
                    Document(line.Theirs)
                )
            ),
            comparison.ComparedAt,
            !comparison.IsComplete || IsCut(comparison.Payments) || IsCut(comparison.Stock)
        );

    private static PortComparisonDocument<TDocument> Document<TOurs, TTheirs, TDocument>(
        PortComparison<TOurs, TTheirs> port,
        Func<Difference<TOurs, TTheirs>, TDocument> document
    )
        where TOurs : class
        where TTheirs : class =>
        new(
            port.Answered,
            port.Reason,
            port.Count,
            port.Counts.ToDictionary(kind => JsonNames<DifferenceKind>.Of(kind.Key), kind => kind.Value),
            port.Underway,
            [.. port.Differing.Select(document)]
        );

    private static PaymentLineDocument? Document(PaymentEntry? ours) =>
        ours is null
            ? null
            : new PaymentLineDocument(
                ours.Amount,
                ours.State switch
                {
                    PaymentState.Held => "held",
                    PaymentState.Redeemed => "redeemed",
                    PaymentState.Forfeited => "forfeited",
                    PaymentState.Refunding => "refunding",
                    _ => "refunded",
                }
            );

    private static PaymentLineDocument? Document(PaymentBookEntry? theirs) =>
        theirs is null ? null : new PaymentLineDocument(theirs.Amount, theirs.IsRefunded ? "refunded" : "held");

    private static StockLineDocument? Document(StockLine? ours) =>
        ours is null ? null : new StockLineDocument(ours.Reserved, ours.Deducted);

    private static StockLineDocument? Document(StockBookEntry? theirs) =>
        theirs is null ? null : new StockLineDocument(theirs.Reserved, theirs.Deducted);

    private static bool IsCut<TOurs, TTheirs>(PortComparison<TOurs, TTheirs> port)
        where TOurs : class
        where TTheirs : class => port.Count > port.Differing.Count;
}
