using GroupBuyActors.Store.Migrations;

namespace GroupBuyActors.Store.Tests.Migrations;

/// <summary>
/// What a migration may ask of a server on which silos of the release before commit; the migrator says why.
/// </summary>
public sealed class MigrationRuleTests
{
    public static TheoryData<string> Files => [.. Migration.Of("MySql").Select(migration => migration.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void AMigrationHoldsUpNobodyWhoCommits(string file) =>
        Assert.Empty(MigrationRule.Faults(Migration.Of("MySql"), file));

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
        var told = MigrationRule.Fault(statement, ["old"]);
        if (fault is null)
            Assert.Null(told);
        else
            Assert.Contains(fault, told);
    }
}
