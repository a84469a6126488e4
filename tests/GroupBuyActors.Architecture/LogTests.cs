using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>
/// What operators read and alert on: an event id means one thing, and where it is from follows from its number. The
/// bands are listed in <c>src/README.md</c>.
/// </summary>
public sealed partial class LogTests
{
    private static readonly IReadOnlyList<Band> Bands =
    [
        .. BandRow()
            .Matches(File.ReadAllText(Path.Combine(Repository.Root, "src", "README.md")))
            .Select(row => new Band(Number(row.Groups[1]), Number(row.Groups[2]), row.Groups[3].Value)),
    ];

    private static readonly IReadOnlyList<Message> Messages =
    [
        .. from file in Repository.Sources("src", "*.cs")
        from message in MessageAttribute().Matches(File.ReadAllText(file))
        select new Message(Number(message.Groups[1]), Repository.Relative(file)),
    ];

    [Fact]
    public void EachMessageIsInAFileOfItsClassAndInTheBandOfThatClass() =>
        Claim.NobodyBreaks(
            "A message is declared in a file and class named …Log, with an id of the class's band in src/README.md:",
            from message in Messages
            where !Bands.Any(band => band.Class == message.Class && message.Id >= band.From && message.Id <= band.To)
            select $"{message.Id} in {message.File}"
        );

    [Fact]
    public void NoEventIdMeansTwoThings() =>
        Claim.NobodyBreaks(
            "Used twice:",
            from message in Messages
            group message.File by message.Id into files
            where files.Count() > 1
            select $"{files.Key} in {string.Join(" and ", files)}"
        );

    [Fact]
    public void BandsAreOneForEachClassAndApart() =>
        Claim.NobodyBreaks(
            "These bands overlap, are of one class or of none:",
            Bands
                .Zip(Bands.Skip(1))
                .Where(pair => pair.First.To >= pair.Second.From)
                .Select(pair => $"{pair.First} and {pair.Second}")
                .Concat(Bands.GroupBy(band => band.Class).Where(same => same.Count() > 1).Select(same => same.Key))
                .Concat(
                    Bands.Where(band => Messages.All(message => message.Class != band.Class)).Select(band => band.Class)
                )
        );

    [Fact]
    public void ALoggerIsCalledLogEverywhere() =>
        Claim.NobodyBreaks(
            "A logger is called log or _log, and messages are called by their class, not as extensions:",
            from file in Repository.Sources("src", "*.cs")
            let name = Repository.Relative(file)
            from logger in Logger().Matches(File.ReadAllText(file))
            where logger.Groups[1].Success || logger.Groups[2].Value is not ("log" or "_log" or "Log")
            select $"{name}: {logger.Value}"
        );

    private static int Number(Group digits) =>
        int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| (\d{4})–(\d{4}) \| `(\w+Log)` \|", RegexOptions.Multiline)]
    private static partial Regex BandRow();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)")]
    private static partial Regex MessageAttribute();

    [GeneratedRegex(@"(\bthis )?\bILogger(?:<[\w<>]+>)?\??\s+(\w+)\b")]
    private static partial Regex Logger();

    private sealed record Band(int From, int To, string Class);

    private sealed record Message(int Id, string File)
    {
        public string Class => Path.GetFileNameWithoutExtension(File);
    }
}
