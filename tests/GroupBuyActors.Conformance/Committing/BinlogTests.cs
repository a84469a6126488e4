using GroupBuyActors.Committing;
using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Groups;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Conformance.Committing;

/// <summary>What a reader of the binlog may rely on; deploy/README.md promises it.</summary>
public sealed class BinlogTests
{
    private const int Groups = 24,
        CommitsEach = 30;

    [Fact]
    public async Task StatusRowsAreInTheBinlogInTheTransactionOfTheirEventAndInOrder()
    {
        await using var server = await MariaDbServer.StartAsync("--binlog-format=ROW", "--binlog-row-image=FULL");
        await using var store = await MySqlUnderTest.CreateAsync(server);
        var committer = await store.StartAsync(o => o.Lanes = 2);
        await Task.WhenAll(Enumerable.Range(1, Groups).Select(group => FillAsync(committer, Commits.Group(group))))
            .WaitAsync(Eventually.Bound);

        var transactions = await Binlog.ReadAsync(server, await NameAsync(store));
        var journal = InOrder(transactions, "journal", group: 4, sequence: 5);
        var statuses = InOrder(transactions, "order_status_log", group: 3, sequence: 2);
        Assert.Equal(Groups * CommitsEach * 2, statuses.Count);
        // Many groups share a transaction: a reader has to group by transaction, not to assume one event in each.
        Assert.Contains(
            transactions,
            rows => rows.Where(row => row.Table == "journal").Select(row => row[4]).Distinct().Count() > 1
        );
        Assert.Equal(statuses.Count, statuses.Select(status => (status.Row[1], status.Sequence)).Distinct().Count());
        var places = journal.ToDictionary(row => (row.Group, row.Sequence), row => row.Transaction);
        Assert.All(statuses, status => Assert.Equal(places[(status.Group, status.Sequence)], status.Transaction));
        foreach (var group in statuses.GroupBy(status => status.Group))
        {
            Assert.Equal(group.Select(row => row.Transaction).Order(), group.Select(row => row.Transaction));
            // Transactions come in the order of a group's sequence, and within one a group's rows are sorted by it
            // before they are used.
            var read = group
                .GroupBy(row => row.Transaction)
                .SelectMany(one => one.OrderBy(row => row.Sequence))
                .Select(row => row.Sequence)
                .ToList();
            Assert.Equal(Enumerable.Range(1, CommitsEach * 2).Select(n => (long)n), read);
            foreach (var order in group.GroupBy(row => row.Row[1]))
                Assert.Equal(order.Select(row => row.Sequence).Order(), order.Select(row => row.Sequence));
        }

        // Every column is there, by number as the table has them, nulls included.
        Assert.All(statuses, status => Assert.Equal(17, status.Row.Columns.Count));
        Assert.All(
            statuses,
            status => Assert.Equal(status.Sequence % 2 == 1 ? "PENDING_PAYMENT" : "PAID", status.Row[5])
        );
        Assert.All(statuses, status => Assert.Equal(status.Sequence % 2 == 1, status.Row[12] == "NULL"));
    }

    /// <summary>Orders placed, each paid at once by an event of its own; a commit holds both.</summary>
    private static async Task FillAsync(Committer committer, GroupId group)
    {
        var token = new ActivationToken();
        for (var n = 0; n < CommitsEach; n++)
        {
            var placed = Commits.Status(group, 2 * n + 1);
            var paid = placed with
            {
                Sequence = 2 * n + 2,
                Order = placed.Order with { Status = OrderStatus.Paid, PaidAt = Commits.Evening.AddMinutes(1) },
            };
            var result = await committer.SendAsync(
                new Commit
                {
                    Id = Commits.NewId(),
                    Shard = group.Shard,
                    Token = token,
                    Actor = group.Actor,
                    Events = [Commits.Event(2 * n + 1), Commits.Event(2 * n + 2, "order.paid")],
                    Rows = [placed, paid],
                }
            );
            Assert.Equal(CommitStatus.Committed, result.Status);
        }
    }

    private static async Task<string> NameAsync(StoreUnderTest store) =>
        await store.Database.ReadAsync(
            async (session, ct) =>
                (await session.ListAsync($"select database()", row => row.GetString(0), ct)).Single(),
            CancellationToken.None
        );

    private static List<(string Group, long Sequence, int Transaction, BinlogRow Row)> InOrder(
        List<List<BinlogRow>> transactions,
        string table,
        int group,
        int sequence
    ) =>
        [
            .. transactions.SelectMany(
                (rows, transaction) =>
                    rows.Where(row => row.Table == table)
                        .Select(row =>
                            (
                                row[group].Replace("groups:", "", StringComparison.Ordinal),
                                long.Parse(row[sequence], System.Globalization.CultureInfo.InvariantCulture),
                                transaction,
                                row
                            )
                        )
            ),
        ];
}
