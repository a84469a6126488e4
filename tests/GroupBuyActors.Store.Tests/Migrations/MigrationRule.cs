using System.Text.RegularExpressions;
using GroupBuyActors.Store.Migrations;

namespace GroupBuyActors.Store.Tests.Migrations;

/// <summary>
/// What a migration may ask of a server on which silos of the release before commit; the migrator says why.
/// </summary>
internal static partial class MigrationRule
{
    /// <summary>What a migration does that the rule forbids, beside those before it.</summary>
    public static List<string> Faults(IReadOnlyList<Migration> all, string file)
    {
        var migration = all.Single(one => one.Name == file);
        var made = all.Where(one => one.Version < migration.Version)
            .SelectMany(Statements)
            .Select(Made)
            .OfType<string>()
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return Statements(migration).Select(statement => Fault(statement, made)).OfType<string>().ToList();
    }

    private static IEnumerable<string> Statements(Migration migration) =>
        migration.Statements().Select(statement => Comment().Replace(statement, "").Trim());

    private static string? Made(string statement) =>
        CreateTable().Match(statement) is { Success: true } match ? match.Groups[1].Value : null;

    public static string? Fault(string statement, HashSet<string> made)
    {
        if (Harmless().IsMatch(statement))
            return null;
        if (Destroys().IsMatch(statement))
            return $"What the release before uses would be gone or other: {statement}";
        if (Changes().Match(statement) is not { Success: true } change)
            return $"The rule does not know this, so nobody has thought about who waits for it: {statement}";
        if (!made.Contains(change.Groups["table"].Value))
            return null;
        var locked = Lock().IsMatch(statement);
        if (Instant().IsMatch(statement))
            return locked ? $"MySQL takes no lock clause beside algorithm = instant: {statement}" : null;
        if (!Inplace().IsMatch(statement))
            return $"It names no algorithm that leaves the table to others (instant, inplace): {statement}";
        return locked ? null : $"It does not say lock = none, so a server may keep writers out: {statement}";
    }

    [GeneratedRegex(@"^\s*--.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^create\s+table\s+(?:if\s+not\s+exists\s+)?`?(\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex CreateTable();

    [GeneratedRegex(
        @"^$|^(create\s+table|create\s+(or\s+replace\s+)?view|insert|replace|update|delete)\s",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Harmless();

    [GeneratedRegex(
        @"^(drop|rename|truncate)\s|^alter\s+table\b.*\b(drop\s+column|drop\s+primary|rename|change|modify)\b",
        RegexOptions.IgnoreCase | RegexOptions.Singleline
    )]
    private static partial Regex Destroys();

    [GeneratedRegex(
        @"^(alter\s+table|create\s+(unique\s+)?index\s+\S+\s+on)\s+`?(?<table>\w+)",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Changes();

    [GeneratedRegex(@"\balgorithm\s*=?\s*instant\b", RegexOptions.IgnoreCase)]
    private static partial Regex Instant();

    [GeneratedRegex(@"\balgorithm\s*=?\s*inplace\b", RegexOptions.IgnoreCase)]
    private static partial Regex Inplace();

    [GeneratedRegex(@"\block\s*=?\s*none\b", RegexOptions.IgnoreCase)]
    private static partial Regex Lock();
}
