using System.Globalization;
using System.Text.Json;
using GroupBuyActors.Admin;
using GroupBuyActors.Client;
using GroupBuyActors.Events;
using Spectre.Console;

namespace GroupBuyActors.Silo.Demo;

/// <summary>
/// Prints the demo: headings, lines with their time, timelines, and checks with their results.
/// </summary>
internal sealed class Narrator(IAnsiConsole console, TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private int _passed;
    private int _failed;

    /// <summary>True if no check has failed.</summary>
    public bool AllPassed => _failed == 0;

    public void Open(Uri url, IReadOnlyList<string> plot)
    {
        console.WriteLine();
        console.Write(
            new Panel(new Rows(plot.Select(line => new Markup(line))))
                .Header(" [bold orange3]Group buying, step by step[/] ")
                .RoundedBorder()
                .BorderColor(Color.Orange3)
                .Padding(2, 1)
                .Expand()
        );
        console.MarkupLineInterpolated($"  played over HTTP at [blue]{url}[/]");
    }

    public void Scene(string title)
    {
        console.WriteLine();
        console.Write(new Rule($"[bold orange3]{Markup.Escape(title)}[/]").LeftJustified().RuleStyle("grey"));
    }

    public void Write(FormattableString words) => console.MarkupLine($"  [grey]{Elapsed, 7}[/]  {Escaped(words)}");

    /// <summary>Prints a check and its result.</summary>
    public void Check(FormattableString words, bool holds)
    {
        if (holds)
            _passed++;
        else
            _failed++;
        console.MarkupLine(
            $"  [grey]{Elapsed, 7}[/]  {(holds ? "[green]✓[/]" : "[bold red]✗ FAILED:[/]")} {Escaped(words)}"
        );
    }

    public void Timeline(IReadOnlyList<HistoryItem> history)
    {
        if (history.Count == 0)
            return;
        var table = new Table()
            .RoundedBorder()
            .BorderColor(Color.Grey)
            .AddColumn(new TableColumn("[grey]#[/]").RightAligned().NoWrap())
            .AddColumn(new TableColumn("[grey]after[/]").RightAligned().NoWrap())
            .AddColumn(new TableColumn("[grey]event[/]").NoWrap())
            .AddColumn("[grey]data[/]");
        foreach (var item in history)
            table.AddRow(
                item.Sequence.ToString(CultureInfo.InvariantCulture),
                Seconds(item.Time - history[0].Time),
                $"[{Colour(item.Type)}]{Markup.Escape(item.Type)}[/]",
                $"[grey]{Markup.Escape(Words(item.Data))}[/]"
            );
        console.Write(new Padder(table, new Padding(2, 0, 0, 0)));
    }

    public void Books(BooksDocument before, BooksDocument after)
    {
        var table = new Table().RoundedBorder().BorderColor(Color.Grey);
        foreach (var column in (string[])["currency", "paid", "held", "settled", "refunding", "refunded"])
            table.AddColumn(
                column == "currency"
                    ? new TableColumn($"[grey]{column}[/]")
                    : new TableColumn($"[grey]{column}[/]").RightAligned()
            );
        foreach (var line in after.Currencies)
        {
            var old =
                before.Currencies.FirstOrDefault(was => was.Currency == line.Currency)
                ?? new CurrencyDocument(line.Currency, 0, 0, 0, 0, 0);
            table.AddRow(
                line.Currency,
                Amount(line.Paid - old.Paid),
                Amount(line.Held - old.Held),
                Amount(line.Settled - old.Settled),
                Amount(line.Refunding - old.Refunding),
                Amount(line.Refunded - old.Refunded)
            );
        }

        console.Write(new Padder(table, new Padding(2, 0, 0, 0)));
        var reserved = after.Stock.Reserved - before.Stock.Reserved;
        var outstanding = after.Stock.Outstanding - before.Stock.Outstanding;
        var deducted = after.Stock.Deducted - before.Stock.Deducted;
        var released = after.Stock.Released - before.Stock.Released;
        Write($"stock: {reserved} reserved = {outstanding} outstanding + {deducted} deducted + {released} released");
    }

    public void Close()
    {
        console.WriteLine();
        console.Write(
            new Rule(
                AllPassed
                    ? $"[bold green]Demo completed: all {_passed} checks passed[/]"
                    : $"[bold red]Demo failed: {_failed} of {_passed + _failed} checks failed[/]"
            ).RuleStyle(AllPassed ? "green" : "red")
        );
    }

    public static string Amount(Int128 minorUnits) =>
        ((decimal)minorUnits / 100m).ToString("N2", CultureInfo.InvariantCulture);

    private string Elapsed => Seconds(time.GetElapsedTime(_began));

    private static string Seconds(TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.000}s");

    // Arguments are printed in bold, and are never interpreted as markup.
    private static string Escaped(FormattableString words) =>
        string.Format(
            CultureInfo.InvariantCulture,
            Markup.Escape(words.Format).Replace("{{", "{").Replace("}}", "}"),
            [
                .. words
                    .GetArguments()
                    .Select(argument =>
                        $"[bold]{Markup.Escape(Convert.ToString(argument, CultureInfo.InvariantCulture) ?? "")}[/]"
                    ),
            ]
        );

    private static string Colour(string type) =>
        type switch
        {
            "group.expired" or "order.closed" or "voucher.lapsed" => "red",
            "order.refund-requested" or "order.refunded" or "payment.excess" or "payment.refunded" => "yellow",
            "group.succeeded" or "group.fulfilled" or "voucher.issued" or "voucher.redeemed" => "green",
            _ when type.StartsWith("stock.", StringComparison.Ordinal) => "blue",
            _ => "default",
        };

    // The parts of an event that help a reader: without the terms and group ids, and with short orders.
    private static string Words(JsonElement data) =>
        string.Join(
            "  ",
            data.EnumerateObject()
                .Where(member => member.Name is not ("offer" or "terms" or "legacyName" or "attempt"))
                .Select(member =>
                    member.Name is "orderId"
                        ? $"order {member.Value.GetString()!.Split('.')[^1]}"
                        : $"{member.Name} {Short(member.Value)}"
                )
        );

    private static string Short(JsonElement value) =>
        value switch
        {
            { ValueKind: JsonValueKind.Object }
                when value.TryGetProperty("amount", out var amount)
                    && value.TryGetProperty("currency", out var currency) => $"{Amount(amount.GetInt64())} {currency}",
            { ValueKind: JsonValueKind.String } when value.TryGetDateTimeOffset(out var instant) => instant.ToString(
                "d MMM HH:mm:ss",
                CultureInfo.InvariantCulture
            ),
            _ when value.ToString() is { Length: > 40 } text => $"…{text[^12..]}",
            _ => value.ToString(),
        };
}
