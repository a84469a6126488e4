using System.Text.RegularExpressions;
using GroupBuyActors.Store.Migrations;

namespace GroupBuyActors.Store.Tests;

/// <summary>
/// What a migration may ask of a server on which silos of the release before commit; the migrator says why.
/// </summary>
public sealed partial class MigrationRuleTests
{
    /// <summary>
    /// Out before the rule was; a migration that is out never changes. What each of them does, servers do online by
    /// themselves.
    /// </summary>
    private static readonly string[] OutBeforeTheRule = ["0007_sandbox_books.sql"];

    public static TheoryData<string> Files => [.. Migration.Of("MySql").Select(migration => migration.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void AMigrationHoldsUpNobodyWhoCommits(string file)
    {
        var all = Migration.Of("MySql");
        var migration = all.Single(one => one.Name == file);
        var made = all.Where(one => one.Version < migration.Version)
            .SelectMany(Statements)
            .Select(Made)
            .OfType<string>()
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var faults = Statements(migration).Select(statement => Fault(statement, made)).OfType<string>().ToList();
        if (!OutBeforeTheRule.Contains(file))
            Assert.Empty(faults);
    }

    [Theory]
    [InlineData("alter table old add column a int null, algorithm = instant", null)]
    [InlineData("alter table old add index a (b), algorithm=inplace, lock=none", null)]
    [InlineData("create index a on old (b) algorithm = inplace lock = none", null)]
    [InlineData("alter table new add column a int null", null)]
    [InlineData("create or replace view v as select 1", null)]
    [InlineData("update old set a = 1", null)]
    [InlineData("alter table old add column a int null", "names no algorithm")]
    [InlineData("alter table old add column a int null, algorithm = copy", "names no algorithm")]
    [InlineData("alter table old add column a int null, algorithm = instant, lock = none", "lock")]
    [InlineData("alter table old add index a (b), algorithm = inplace", "lock = none")]
    [InlineData("create unique index a on old (b)", "names no algorithm")]
    [InlineData("alter table old drop column a, algorithm = instant", "release before")]
    [InlineData("alter table old rename to older", "release before")]
    [InlineData("alter table old modify a bigint not null, algorithm = instant", "release before")]
    [InlineData("drop table old", "release before")]
    [InlineData("truncate table old", "release before")]
    [InlineData("optimize table old", "rule does not know")]
    public void TheRuleTellsOnlineFromStopping(string statement, string? fault)
    {
        var told = Fault(statement, ["old"]);
        if (fault is null)
            Assert.Null(told);
        else
            Assert.Contains(fault, told);
    }

    private static IEnumerable<string> Statements(Migration migration) =>
        migration.Statements().Select(statement => Comment().Replace(statement, "").Trim());

    private static string? Made(string statement) =>
        CreateTable().Match(statement) is { Success: true } match ? match.Groups[1].Value : null;

    private static string? Fault(string statement, HashSet<string> made)
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
