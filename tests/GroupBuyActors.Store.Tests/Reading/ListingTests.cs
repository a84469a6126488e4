using GroupBuyActors.Admin;
using GroupBuyActors.Groups;
using GroupBuyActors.Reading;
using GroupBuyActors.Reconciliation;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Store.Tests.Reading;

public sealed class SqliteListingTests(SqliteFiles files) : ListingTests(files);

public sealed class MySqlListingTests(MariaDb server) : ListingTests(server);

/// <summary>Lists, and the projections they are read from.</summary>
public abstract class ListingTests(IDatabaseFixture databases)
{
    [Fact]
    public async Task GroupsComeNewestFirstPageByPage()
    {
        await using var store = await TestStore.NewAsync(databases);
        var changes = Enumerable
            .Range(0, 25)
            .Select(n =>
                Samples.Change(
                    Samples.View(
                        $"{(n % 2 == 0 ? 1 : 2)}.SH-PUDONG.tea-{n:D2}",
                        n % 5 == 0 ? GroupPhase.Expired : GroupPhase.OnShelf
                    ),
                    Samples.Noon.AddSeconds(n / 3)
                )
            )
            .ToList();
        await store.Projections.WriteAsync(changes, default);

        var seen = await AllAsync(after => store.GroupQueries.GroupsAsync(new GroupFilter(), after, 7, default));
        Assert.Equal(
            changes
                .OrderByDescending(change => change.Row!.PublishedAt)
                .ThenByDescending(change => change.Group.Value, StringComparer.Ordinal)
                .Select(change => change.Group),
            seen.Select(view => view.GroupId)
        );
        Assert.Equal(changes[24].Row!.View, seen[0]);

        Assert.Equal(
            13,
            (
                await AllAsync(after =>
                    store.GroupQueries.GroupsAsync(new GroupFilter(MerchantId: 1), after, 4, default)
                )
            ).Count
        );
        Assert.Equal(
            5,
            (
                await AllAsync(after =>
                    store.GroupQueries.GroupsAsync(new GroupFilter(State: GroupPhase.Expired), after, 2, default)
                )
            ).Count
        );
        Assert.Equal(
            25,
            (
                await AllAsync(after =>
                    store.GroupQueries.GroupsAsync(new GroupFilter(Region: "SH-PUDONG"), after, 25, default)
                )
            ).Count
        );
        Assert.Empty((await store.GroupQueries.GroupsAsync(new GroupFilter(Region: "BJ"), null, 5, default)).Items);
        Assert.Equal(
            3,
            (
                await store.GroupQueries.GroupsAsync(
                    new GroupFilter(1, "SH-PUDONG", GroupPhase.Expired),
                    null,
                    5,
                    default
                )
            )
                .Items
                .Count
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("%%%")]
    [InlineData("bm90IG91cnM")]
    public async Task AMarkThatIsNoneIsTold(string mark)
    {
        await using var store = await TestStore.NewAsync(databases);
        await Assert.ThrowsAsync<FormatException>(() =>
            store.GroupQueries.GroupsAsync(new GroupFilter(), mark, 5, default)
        );
        await Assert.ThrowsAsync<FormatException>(() => store.GroupQueries.UserOrdersAsync("u", mark, 5, default));
        await Assert.ThrowsAsync<FormatException>(() => store.GroupQueries.AuditTrailAsync(mark, 5, default));
    }

    [Fact]
    public async Task AnotherListsMarkIsTold()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Projections.WriteAsync(
            [Samples.Change(Samples.View("1.SH.a")), Samples.Change(Samples.View("1.SH.b"))],
            default
        );
        var mark = (await store.GroupQueries.GroupsAsync(new GroupFilter(), null, 1, default)).Next;
        Assert.NotNull(mark);
        await Assert.ThrowsAsync<FormatException>(() => store.GroupQueries.UserOrdersAsync("u", mark, 5, default));
    }

    /// <summary>Late and repeated changes of a relay that starts over.</summary>
    [Fact]
    public async Task AnOlderSequenceNeverOverwritesANewerOne()
    {
        await using var store = await TestStore.NewAsync(databases);
        var order = OrderId.Parse("1.SH.a.1");
        PaymentEntry Entry(PaymentState state) => new(order, "pay-1", new Money(1999, "CNY"), state, null);
        var older = Samples.Change(Samples.View("1.SH.a", GroupPhase.Opening, 5), payments: Entry(PaymentState.Held));
        var newer = Samples.Change(
            Samples.View("1.SH.a", GroupPhase.Success, 9),
            payments: Entry(PaymentState.Refunding)
        );
        await store.Projections.WriteAsync([newer], default);
        await store.Projections.WriteAsync([older], default);
        Assert.Equal(
            newer.Row!.View,
            Assert.Single((await store.GroupQueries.GroupsAsync(new GroupFilter(), null, 5, default)).Items)
        );
        Assert.Equal(
            1999,
            Assert.Single((await store.GroupQueries.BooksAsync(1, Samples.Noon, default)).Currencies).Refunding
        );

        await store.Projections.WriteAsync(
            [
                older,
                newer,
                Samples.Change(
                    Samples.View("1.SH.a", GroupPhase.Fulfilled, 12),
                    payments: Entry(PaymentState.Refunded)
                ),
                older,
            ],
            default
        );
        Assert.Equal(
            GroupPhase.Fulfilled,
            Assert.Single((await store.GroupQueries.GroupsAsync(new GroupFilter(), null, 5, default)).Items).State
        );
        Assert.Equal(
            1999,
            Assert.Single((await store.GroupQueries.BooksAsync(1, Samples.Noon, default)).Currencies).Refunded
        );
    }

    [Fact]
    public async Task TwoWritersOfTheSameRowsDoNotStandInEachOthersWay()
    {
        await using var store = await TestStore.NewAsync(databases);
        List<ProjectionChange> Round(int round) =>
            Enumerable
                .Range(0, 200)
                .Select(n =>
                    Samples.Change(
                        Samples.View($"1.SH.g-{n}", sequence: round),
                        payments: new PaymentEntry(
                            OrderId.Parse($"1.SH.g-{n}.1"),
                            "p",
                            new Money(1, "CNY"),
                            PaymentState.Held,
                            null
                        )
                    )
                )
                .ToList();
        await Task.WhenAll(
            Enumerable
                .Range(1, 12)
                .Select(round =>
                    store.Projections.WriteAsync(
                        round % 2 == 0 ? Round(round) : Enumerable.Reverse(Round(round)).ToList(),
                        default
                    )
                )
        );
        Assert.Equal(200, await store.NumberAsync($"select count(*) from group_view where sequence = 12"));
        Assert.Equal(200, await store.NumberAsync($"select count(*) from payment_book where sequence = 12"));
    }

    /// <summary>A default collation would give three buyers one list.</summary>
    [Fact]
    public async Task UserIdsAreBinary()
    {
        await using var store = await TestStore.NewAsync(databases);
        string[] users = ["Alice", "alice", "alice ", "älice", "alice\u0301"];
        for (var n = 0; n < users.Length; n++)
            await store.OrderAsync($"1.SH.a.{n + 1}", users[n], OrderStatus.PendingPayment, n + 1, Samples.Noon);
        for (var n = 0; n < users.Length; n++)
        {
            var order = Assert.Single((await store.GroupQueries.UserOrdersAsync(users[n], null, 10, default)).Items);
            Assert.Equal(users[n], order.UserId);
            Assert.Equal(n + 1, order.OrderId.Number);
        }
    }

    [Fact]
    public async Task AUsersOrdersShowTheirLastStatusNewestFirst()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 1; n <= 9; n++)
        {
            var placed = Samples.Noon.AddSeconds(n / 2);
            await store.OrderAsync($"1.SH.a.{n}", "bob", OrderStatus.PendingPayment, n * 2, placed);
            if (n % 2 == 0)
                await store.OrderAsync($"1.SH.a.{n}", "bob", OrderStatus.Paid, 100 + n, placed);
        }

        var orders = await AllAsync(after => store.GroupQueries.UserOrdersAsync("bob", after, 2, default));
        Assert.Equal([9, 8, 7, 6, 5, 4, 3, 2, 1], orders.Select(order => order.OrderId.Number));
        Assert.All(
            orders,
            order =>
                Assert.Equal(
                    order.OrderId.Number % 2 == 0 ? OrderStatus.Paid : OrderStatus.PendingPayment,
                    order.Status
                )
        );
        Assert.Equal(Samples.Noon.AddSeconds(4).AddMinutes(1), orders[1].PaidAt);
        Assert.Equal(9, await store.NumberAsync($"select count(*) from order_status"));
    }

    [Fact]
    public async Task BooksBalanceAtAnyInstant()
    {
        await using var store = await TestStore.NewAsync(databases);
        var number = 0;
        PaymentEntry Entry(PaymentState state, long amount, string currency = "CNY", DateTimeOffset? settles = null) =>
            new(OrderId.Parse($"7.SH.a.{++number}"), $"pay-{number}", new Money(amount, currency), state, settles);
        await store.Projections.WriteAsync(
            [
                Samples.Change(
                    Samples.View("7.SH.a"),
                    stock: new StockFigures(10, 4, 3, 3),
                    payments:
                    [
                        Entry(PaymentState.Held, 1),
                        Entry(PaymentState.Redeemed, 10, settles: Samples.Noon),
                        Entry(PaymentState.Redeemed, 100, settles: Samples.Noon.AddMilliseconds(1)),
                        Entry(PaymentState.Forfeited, 1_000),
                        Entry(PaymentState.Refunding, 10_000),
                        Entry(PaymentState.Refunded, 100_000),
                        Entry(PaymentState.Held, 5, "USD"),
                    ]
                ),
                Samples.Change(Samples.View("7.SH.b"), stock: new StockFigures(5, 5, 0, 0)),
                Samples.Change(
                    Samples.View("8.SH.b"),
                    stock: new StockFigures(50, 50, 0, 0),
                    payments:
                    [
                        new PaymentEntry(OrderId.Parse("8.SH.b.1"), "p", new Money(7, "CNY"), PaymentState.Held, null),
                    ]
                ),
            ],
            default
        );
        var books = await store.GroupQueries.BooksAsync(7, Samples.Noon, default);
        Assert.Equal(
            [
                new CurrencyDocument("CNY", 111_111, 101, 1_010, 10_000, 100_000),
                new CurrencyDocument("USD", 5, 5, 0, 0, 0),
            ],
            books.Currencies
        );
        Assert.Equal((15L, 9L, 3L, 3L), (books.Reserved, books.Outstanding, books.Deducted, books.Released));
        Assert.Equal(
            1_110,
            (await store.GroupQueries.BooksAsync(7, Samples.Noon.AddMilliseconds(1), default)).Currencies[0].Settled
        );
        Assert.Empty((await store.GroupQueries.BooksAsync(99, Samples.Noon, default)).Currencies);
    }

    /// <summary>
    /// The books are the totals and what is live, whatever is counted when, and whoever changes a row after.
    /// </summary>
    [Fact]
    public async Task BooksAreTheSameBeforeWhileAndAfterWhatIsFinalIsCounted()
    {
        await using var store = await TestStore.NewAsync(databases);
        var number = 0;
        PaymentEntry Entry(
            int merchant,
            PaymentState state,
            long amount,
            string currency = "CNY",
            DateTimeOffset? settles = null
        ) =>
            new(
                OrderId.Parse($"{merchant}.SH.a.{++number}"),
                $"pay-{number}",
                new Money(amount, currency),
                state,
                settles
            );
        PaymentEntry[] own =
        [
            Entry(7, PaymentState.Held, 1),
            Entry(7, PaymentState.Redeemed, 10, settles: Samples.Noon),
            Entry(7, PaymentState.Redeemed, 100, settles: Samples.Noon.AddDays(1)),
            Entry(7, PaymentState.Forfeited, long.MaxValue),
            Entry(7, PaymentState.Refunding, 10_000),
            Entry(7, PaymentState.Refunded, long.MaxValue),
            Entry(7, PaymentState.Refunded, 3, "USD"),
        ];
        await store.Projections.WriteAsync(
            [
                Samples.Change(
                    Samples.View("7.SH.a", GroupPhase.Expired),
                    stock: new StockFigures(10, 0, 7, 3),
                    payments: own
                ),
                Samples.Change(Samples.View("7.SH.b", GroupPhase.Expired), stock: new StockFigures(10, 0, 7, 4)),
                Samples.Change(Samples.View("7.SH.c"), stock: new StockFigures(5, 5, 0, 0)),
                Samples.Change(
                    Samples.View("9.SH.a", GroupPhase.Expired),
                    stock: new StockFigures(1, 0, 1, 0),
                    payments: [Entry(9, PaymentState.Refunded, 5)]
                ),
            ],
            default
        );
        var before = await store.GroupQueries.BooksAsync(7, Samples.Noon, default);
        Assert.Equal(2 * (Int128)long.MaxValue + 10_111, before.Currencies[0].Paid);
        Assert.Equal(5, await CountAsync(store, Samples.Noon, before));
        Assert.Equal(3, await store.NumberAsync($"select count(*) from payment_book where is_live = 1"));
        Assert.Equal(2, await store.NumberAsync($"select count(*) from group_view where is_live = 1"));
        Assert.Equal(
            new CurrencyDocument("CNY", 5, 0, 0, 0, 5),
            Assert.Single((await store.GroupQueries.BooksAsync(9, Samples.Noon, default)).Currencies)
        );
        Assert.Equal(
            (1L, 1L),
            (
                (await store.GroupQueries.BooksAsync(9, Samples.Noon, default)).Reserved,
                (await store.GroupQueries.BooksAsync(9, Samples.Noon, default)).Deducted
            )
        );

        // Counted and changed after all, as by another release; then counted anew.
        await store.ExecuteAsync(
            $"""
            update payment_book set state = {(int)PaymentState.Refunded} where amount = {long.MaxValue}
              and state = {(int)PaymentState.Forfeited}
            """
        );
        await store.ExecuteAsync($"update group_view set deducted = 6, released = 4 where group_id = {"7.SH.a"}");
        var changed = await store.GroupQueries.BooksAsync(7, Samples.Noon, default);
        Assert.Equal(
            (before.Currencies[0].Paid, (Int128)10, 2 * (Int128)long.MaxValue),
            (changed.Currencies[0].Paid, changed.Currencies[0].Settled, changed.Currencies[0].Refunded)
        );
        Assert.Equal((25L, 13L, 8L), (changed.Reserved, changed.Deducted, changed.Released));
        Assert.Equal(1, await CountAsync(store, Samples.Noon, changed));
        Assert.Equal(
            1,
            await CountAsync(
                store,
                Samples.Noon.AddDays(1),
                await store.GroupQueries.BooksAsync(7, Samples.Noon.AddDays(1), default),
                Samples.Noon.AddDays(1)
            )
        );
        Assert.Equal(
            0,
            await CountAsync(
                store,
                Samples.Noon.AddDays(1),
                await store.GroupQueries.BooksAsync(7, Samples.Noon.AddDays(1), default),
                Samples.Noon.AddDays(1)
            )
        );
    }

    /// <summary>
    /// One statement finds what is to be counted, however many merchants have only groups that sleep.
    /// </summary>
    [Fact]
    public async Task MerchantsWithNothingToCountArePassedOverAtOnce()
    {
        await using var store = await TestStore.NewAsync(databases);
        foreach (var merchant in (int[])[5, 6, 7, 8])
        {
            var isOver = merchant == 7;
            await store.Projections.WriteAsync(
                [
                    Samples.Change(
                        Samples.View($"{merchant}.SH.a", isOver ? GroupPhase.Expired : GroupPhase.Opening),
                        stock: isOver ? new StockFigures(1, 0, 1, 0) : new StockFigures(5, 5, 0, 0),
                        payments:
                        [
                            new(
                                OrderId.Parse($"{merchant}.SH.a.1"),
                                "pay",
                                new Money(5, "CNY"),
                                isOver ? PaymentState.Refunded : PaymentState.Held,
                                null
                            ),
                        ]
                    ),
                ],
                default
            );
        }
        var later = Samples.Noon.AddDays(1);
        Assert.Equal((1, 7L), await store.Totals.CountPaymentsAsync(0, later, 100, default));
        Assert.Equal((0, null), await store.Totals.CountPaymentsAsync(7, later, 100, default));
        Assert.Equal((1, 7L), await store.Totals.CountStockAsync(0, later, 100, default));
        Assert.Equal((0, null), await store.Totals.CountStockAsync(7, later, 100, default));
    }

    /// <summary>
    /// Counts a row at a time and looks at the books after each; gives how many payments were counted.
    /// </summary>
    private static async Task<int> CountAsync(
        TestStore store,
        DateTimeOffset now,
        MerchantBooks expected,
        DateTimeOffset? at = null
    )
    {
        var payments = 0;
        for (long? above = 0; above is not null; )
        {
            (var counted, above) = await store.Totals.CountPaymentsAsync(above.Value, now, 1, default);
            payments += counted;
            await SameAsync();
        }

        for (long? above = 0; above is not null; )
        {
            (_, above) = await store.Totals.CountStockAsync(above.Value, now.AddDays(1), 1, default);
            await SameAsync();
        }

        return payments;

        async Task SameAsync()
        {
            var books = await store.GroupQueries.BooksAsync(7, at ?? now, default);
            Assert.Equal(expected.Currencies, books.Currencies);
            Assert.Equal(expected with { Currencies = [] }, books with { Currencies = [] });
        }
    }

    /// <summary>
    /// A payment fits 64 bits, and what earlier releases took may have been as large as that; the sum of many does not.
    /// </summary>
    [Fact]
    public async Task BooksAddUpPastSixtyFourBits()
    {
        await using var store = await TestStore.NewAsync(databases);
        var number = 0;
        PaymentEntry Entry(int merchant, PaymentState state, long amount) =>
            new(OrderId.Parse($"{merchant}.SH.a.{++number}"), "p", new Money(amount, "CNY"), state, null);
        PaymentEntry[] held = [.. Enumerable.Range(0, 95).Select(_ => Entry(7, PaymentState.Held, Money.AmountMax))];
        await store.Projections.WriteAsync(
            [
                Samples.Change(
                    Samples.View("7.SH.a"),
                    payments:
                    [
                        .. held,
                        Entry(7, PaymentState.Refunding, long.MaxValue),
                        Entry(7, PaymentState.Refunding, long.MaxValue),
                        Entry(7, PaymentState.Refunded, 1),
                    ]
                ),
                // What is in no part: modulo 2^64 paid and parts would be the same.
                Samples.Change(
                    Samples.View("8.SH.a"),
                    payments:
                    [
                        Entry(8, PaymentState.Held, 5),
                        Entry(8, (PaymentState)9, long.MaxValue),
                        Entry(8, (PaymentState)9, long.MaxValue),
                        Entry(8, (PaymentState)9, 2),
                    ]
                ),
            ],
            default
        );
        var books = await store.GroupQueries.BooksAsync(7, Samples.Noon, default);
        Int128 paid = 95 * (Int128)Money.AmountMax,
            refunding = 2 * (Int128)long.MaxValue;
        Assert.Equal(
            new CurrencyDocument("CNY", paid + refunding + 1, paid, 0, refunding, 1),
            Assert.Single(books.Currencies)
        );
        Assert.True(books.IsBalanced);
        var broken = await store.GroupQueries.BooksAsync(8, Samples.Noon, default);
        Assert.Equal(5 + refunding + 2, broken.Currencies[0].Paid);
        Assert.False(broken.IsBalanced);
    }

    /// <summary>
    /// One group's missing units must not be hidden by another's extra ones, nor a payment of a state that nobody knows
    /// by the sums.
    /// </summary>
    [Fact]
    public async Task BooksThatDoNotAddUpSaySo()
    {
        await using var store = await TestStore.NewAsync(databases);
        await store.Projections.WriteAsync(
            [
                Samples.Change(Samples.View("7.SH.a"), stock: new StockFigures(10, 4, 3, 3)),
                Samples.Change(Samples.View("8.SH.a"), stock: new StockFigures(10, 4, 3, 2)),
                Samples.Change(Samples.View("8.SH.b"), stock: new StockFigures(10, 4, 3, 4)),
                Samples.Change(
                    Samples.View("9.SH.a"),
                    payments:
                    [
                        new PaymentEntry(OrderId.Parse("9.SH.a.1"), "p", new Money(7, "CNY"), (PaymentState)9, null),
                    ]
                ),
            ],
            default
        );
        Assert.True((await store.GroupQueries.BooksAsync(7, Samples.Noon, default)).IsBalanced);
        var hidden = await store.GroupQueries.BooksAsync(8, Samples.Noon, default);
        Assert.Equal(
            (hidden.Outstanding + hidden.Deducted + hidden.Released, 2L, false),
            (hidden.Reserved, hidden.Unbalanced, hidden.IsBalanced)
        );
        Assert.False((await store.GroupQueries.BooksAsync(9, Samples.Noon, default)).IsBalanced);
    }

    [Fact]
    public async Task BooksAreReadLineByLineInTheOrderOfTheirKeys()
    {
        await using var store = await TestStore.NewAsync(databases);
        string[] ids = ["7.SH.tea", "7.SH.tea-2", "7.SH.tea0", "7.SH-A.tea", "77.SH.tea", "8.SH.tea", "135.SH.tea"];
        await store.Projections.WriteAsync(
            [
                .. ids.Select(id =>
                    Samples.Change(
                        Samples.View(id),
                        stock: new StockFigures(9, 5, 3, 1),
                        payments:
                        [
                            .. from order in (int[])[1, 2, 10]
                            from payment in (string[])["p-1", "P-1", "支付", "\U0001F375", "\uFF21"]
                            select new PaymentEntry(
                                OrderId.Parse($"{id}.{order}"),
                                payment,
                                new Money(5, "CNY"),
                                PaymentState.Refunding,
                                Samples.Noon
                            ),
                        ]
                    )
                ),
            ],
            default
        );
        foreach (var limit in (int[])[1, 7, 1000])
        {
            var payments = await LinesAsync<PaymentEntry>(
                (after, ct) => store.Books.PaymentsAsync(7, after, limit, ct),
                BookKey.Of,
                limit
            );
            Assert.Equal(4 * 3 * 5, payments.Select(BookKey.Of).Distinct().Count());
            Assert.Equal(payments.Select(BookKey.Of).Order(), payments.Select(BookKey.Of));
            Assert.Equal(
                new PaymentEntry(
                    OrderId.Parse("7.SH-A.tea.1"),
                    "P-1",
                    new Money(5, "CNY"),
                    PaymentState.Refunding,
                    Samples.Noon
                ),
                payments[0]
            );
            var stock = await LinesAsync<StockLine>(
                (after, ct) => store.Books.StockAsync(7, after, limit, ct),
                BookKey.Of,
                limit
            );
            Assert.Equal(
                ids[..4].Order(StringComparer.Ordinal).Select(id => new StockLine(GroupId.Parse(id), 5, 3)),
                stock
            );
        }

        // 7 and 135 share a slot.
        Assert.Equal([7, 135], await store.Books.MerchantsAsync(7, 0, 10, default));
        Assert.Equal([7], await store.Books.MerchantsAsync(7, 0, 1, default));
        Assert.Equal([135], await store.Books.MerchantsAsync(7, 7, 10, default));
        Assert.Empty(await store.Books.MerchantsAsync(6, 0, 10, default));
    }

    [Fact]
    public async Task GroupsWhoseTimeHasComeAreFound()
    {
        await using var store = await TestStore.NewAsync(databases);
        var shard = GroupId.Parse("1.SH.a").Shard;
        await store.Projections.WriteAsync(
            [
                Samples.Change(Samples.View("1.SH.a", GroupPhase.Fulfilled, vouchersUntil: Samples.Noon)),
                Samples.Change(
                    Samples.View("1.SH.b", GroupPhase.Fulfilled, vouchersUntil: Samples.Noon.AddMilliseconds(1))
                ),
                Samples.Change(Samples.View("1.SH.c", GroupPhase.Expired, vouchersUntil: Samples.Noon)),
                Samples.Change(Samples.View("1.SH.d", GroupPhase.Fulfilled, vouchersUntil: Samples.Noon.AddDays(-1))),
                Samples.Change(Samples.View("2.SH.e", GroupPhase.Opening, settlesBy: Samples.Noon.AddMilliseconds(-1))),
                Samples.Change(Samples.View("2.SH.f", GroupPhase.Success, settlesBy: Samples.Noon)),
                Samples.Change(Samples.View("2.SH.g", GroupPhase.Expired, settlesBy: Samples.Noon.AddDays(-1))),
            ],
            default
        );
        Assert.Equal(
            ["1.SH.a", "1.SH.d"],
            (await store.GroupQueries.LapsedGroupsAsync(shard, Samples.Noon, null, 10, default)).Select(id => id.Value)
        );
        Assert.Equal(
            ["1.SH.d"],
            (
                await store.GroupQueries.LapsedGroupsAsync(shard, Samples.Noon, GroupId.Parse("1.SH.a"), 10, default)
            ).Select(id => id.Value)
        );
        Assert.Equal(1, await store.GroupQueries.StuckGroupsAsync(Samples.Noon, default));
    }

    [Fact]
    public async Task TheAuditTrailIsKeptNewestFirst()
    {
        await using var store = await TestStore.NewAsync(databases);
        for (var n = 0; n < 5; n++)
            await store.GroupQueries.AuditAsync(
                Samples.Noon.AddSeconds(n),
                "alice",
                "policy.put",
                $"refund-{n}",
                n == 0 ? null : new string('x', 9000),
                default
            );
        var trail = await AllAsync(after => store.GroupQueries.AuditTrailAsync(after, 2, default));
        Assert.Equal(["refund-4", "refund-3", "refund-2", "refund-1", "refund-0"], trail.Select(entry => entry.Target));
        Assert.Equal(8000, trail[0].Detail!.Length);
        Assert.Null(trail[4].Detail);
        Assert.Equal(Samples.Noon, trail[4].Time);
    }

    private static async Task<List<T>> LinesAsync<T>(
        Func<BookKey?, CancellationToken, Task<IReadOnlyList<T>>> read,
        Func<T, BookKey> keyOf,
        int limit
    )
    {
        var all = new List<T>();
        for (BookKey? after = null; ; )
        {
            var page = await read(after, default);
            all.AddRange(page);
            if (page.Count < limit)
                return all;
            after = keyOf(page[^1]);
        }
    }

    private static async Task<List<T>> AllAsync<T>(Func<string?, Task<Page<T>>> read)
    {
        var all = new List<T>();
        string? after = null;
        do
        {
            var page = await read(after);
            all.AddRange(page.Items);
            after = page.Next;
        } while (after is not null);
        return all;
    }
}
