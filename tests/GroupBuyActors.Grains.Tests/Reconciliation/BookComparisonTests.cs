using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Slots;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Reconciliation;

/// <summary>Our books beside the ports': what differs is told, what is not finished is not.</summary>
public sealed class BookComparisonTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private static readonly GroupId Group = GroupId.Parse(Id);
    private static readonly Money Price = new(1_500, "CNY");
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ScriptedBooks _books = new();

    [Fact]
    public async Task EveryKindOfDifferenceIsTold()
    {
        await using var silo = await StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 5, capacity: 9);
        for (var n = 1; n <= 4; n++)
            await PaidAsync(group, n);
        _books.Put(new OrderId(Group, 1), "p-1", Price);
        _books.Put(new OrderId(Group, 2), "p-2", new Money(1_499, "CNY"));
        _books.Put(new OrderId(Group, 3), "p-3", Price, isRefunded: true);
        _books.Put(new OrderId(Group, 1), "p-7", Price);
        _books.Put(new OrderId(Group, 77), "p-1", Price);
        _books.Put(new StockBookEntry(Group, "tea", 8, 1));
        _books.Put(new StockBookEntry(GroupId.Parse("10042.SH.gone"), "tea", 5, 0));

        var found = await CompareAsync(silo);
        Assert.Equal(
            [
                ("1 p-7", DifferenceKind.MissingHere),
                ("2 p-2", DifferenceKind.AmountDiffers),
                ("3 p-3", DifferenceKind.StateDiffers),
                ("4 p-4", DifferenceKind.MissingAtPort),
                ("77 p-1", DifferenceKind.MissingHere),
            ],
            found.Payments.Differing.Select(line => ($"{OrderId.Parse(line.Key.Id).Number} {line.Key.Part}", line.Kind))
        );
        Assert.Equal(
            [("10042.SH-PUDONG.tea-1123", DifferenceKind.AmountDiffers), ("10042.SH.gone", DifferenceKind.MissingHere)],
            found.Stock.Differing.Select(line => (line.Key.Id, line.Kind))
        );
        Assert.Equal(new StockLine(Group, 9, 0), found.Stock.Differing[0].Ours);
        Assert.True(found.IsComplete);
        Assert.Equal(0, found.Payments.Underway + found.Stock.Underway);
    }

    /// <summary>
    /// The provider holds the money and nobody was told: closing asks for it, and so does the check after it. Only when
    /// both have missed it is it a difference.
    /// </summary>
    [Fact]
    public async Task MoneyThatWillBeAskedForIsUnderway()
    {
        await using var silo = await StartAsync();
        var group = await silo.PublishAsync(Id);
        await group.Join(new JoinGroup("ada"));
        var order = new OrderId(Group, 1);
        _books.Put(order, "p-1", Price);
        _books.Put(new StockBookEntry(Group, "tea", 2, 0));
        Assert.Equal((0, 1), await PaymentsAsync(silo));

        // Neither asking finds it: the provider's books say what its answers do not.
        silo.Time.Advance(TimeSpan.FromMinutes(30));
        await TestSilo.UntilAsync(group, 1, seen => seen.Status == OrderStatus.Closed);
        Assert.Equal((0, 1), await PaymentsAsync(silo));
        silo.Time.Advance(TimeSpan.FromMinutes(11));
        await silo.Ports.CalledAsync($"ask:{order}", 2);
        await UntilAsync(async () => await PaymentsAsync(silo) == (1, 0));
    }

    [Fact]
    public async Task StockThatIsMovingIsUnderway()
    {
        await using var silo = await StartAsync();
        var group = await silo.PublishAsync(Id);
        var deducting = silo.Ports.Hold("deduct:");
        for (var n = 1; n <= 2; n++)
            await PaidAsync(group, n);
        for (var n = 1; n <= 2; n++)
            _books.Put(new OrderId(Group, n), $"p-{n}", Price);
        await silo.Ports.CalledAsync("deduct:");
        // The inventory has done it, and its answer is on the way.
        _books.Put(new StockBookEntry(Group, "tea", 0, 2));
        await ProjectedAsync(silo, payments: 2);
        var found = await silo.Get<BookComparer>().CompareAsync(10042, TestSilo.Bound, None);
        Assert.Equal((0L, 1L), (found.Stock.Count, found.Stock.Underway));
        deducting.SetResult(PortAnswer.Done);
        await TestSilo.UntilAsync(group, view => view.State == GroupPhase.Fulfilled);
        await UntilAsync(async () =>
            (await silo.Get<BookComparer>().CompareAsync(10042, TestSilo.Bound, None)).Stock
                is { Count: 0, Underway: 0 }
        );
    }

    [Fact]
    public async Task ARefundUnderWayIsNoDifferenceOnEitherSide()
    {
        await using var silo = await StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await PaidAsync(group, 1);
        var refunding = silo.Ports.Hold("refund:");
        await group.RequestRefund(new RequestRefund(1));
        await silo.Ports.CalledAsync("refund:");
        _books.Put(new StockBookEntry(Group, "tea", 3, 0));
        _books.Put(new OrderId(Group, 1), "p-1", Price);
        Assert.Equal((0, 0), await PaymentsAsync(silo));
        _books.Put(new OrderId(Group, 1), "p-1", Price, isRefunded: true);
        Assert.Equal((0, 0), await PaymentsAsync(silo));
        refunding.SetResult(PortAnswer.Done);
        await TestSilo.UntilAsync(group, 1, seen => seen.Status == OrderStatus.Refunded);
        Assert.Equal((0, 0), await PaymentsAsync(silo));
        _books.Put(new OrderId(Group, 1), "p-1", Price);
        await UntilAsync(async () => await PaymentsAsync(silo) == (1, 0));
    }

    /// <summary>
    /// Between the first look and the second the payment comes into the provider's books, or the group hears of
    /// another.
    /// </summary>
    [Fact]
    public async Task WhatChangesBetweenTheLooksIsNoDifference()
    {
        await using var silo = await StartAsync();
        var group = await silo.PublishAsync(Id, minGroupSize: 3);
        await PaidAsync(group, 1);
        await group.Join(new JoinGroup("user-2"));
        _books.Put(new StockBookEntry(Group, "tea", 3, 0));
        await ProjectedAsync(silo, payments: 1);
        _books.Put(new OrderId(Group, 2), "p-2", Price);
        _books.Reading = async reading =>
        {
            if (reading != 2)
                return;
            _books.Put(new OrderId(Group, 1), "p-1", Price);
            Assert.Null((await group.Pay(new PayOrder(2, "p-2", Price, Trusted: true))).Refusal);
        };
        var found = (await silo.Get<BookComparer>().CompareAsync(10042, TestSilo.Bound, None)).Payments;
        Assert.Equal((0L, 1L, true), (found.Count, found.Underway, found.Complete));
        _books.Reading = null;
        Assert.Equal((0, 0), await PaymentsAsync(silo, payments: 2));
    }

    [Fact]
    public async Task ASilentPortIsSaidAndTheOtherIsComparedAllTheSame()
    {
        await using var silo = await StartAsync();
        await silo.PublishAsync(Id);
        _books.Answer = PortAnswer.Unavailable;
        await UntilAsync(async () =>
            (await silo.Get<BookComparer>().CompareAsync(10042, TestSilo.Bound, None)).Stock.Count == 1
        );
        var found = await silo.Get<BookComparer>().CompareAsync(10042, TestSilo.Bound, None);
        Assert.Equal((false, "As scripted."), (found.Payments.Answered, found.Payments.Reason));
        Assert.True(found.Stock is { Answered: true, Complete: true });
    }

    /// <summary>The day's run: in the table, listed, run, its end kept, the next one there.</summary>
    [Fact]
    public async Task TheDailyRunComparesTheMerchantsOfItsSlotAndSchedulesTheNext()
    {
        var log = new KeptLog();
        await using var silo = await StartAsync(log);
        var group = await silo.PublishAsync(Id);
        await PaidAsync(group, 1);
        await silo.PublishAsync($"{10042 + ShardId.MerchantSlots}.BJ.tea");
        await silo.PublishAsync("10043.BJ.tea");
        _books.Put(new StockBookEntry(Group, "tea", 2, 0));
        _books.Put(new StockBookEntry(GroupId.Parse("10043.BJ.tea"), "tea", 1, 0));
        await ProjectedAsync(silo, payments: 1);
        await UntilAsync(async () =>
            (
                await silo.Get<SlotStores>()
                    .First.Books.MerchantsAsync((int)(10042 % ShardId.MerchantSlots), 0, 10, None)
            ).Count == 2
        );
        var shard = new ShardId((int)(10042 % ShardId.MerchantSlots) * ShardId.RegionSlots);
        var first = Assert.Single(await RowsAsync(silo, shard));
        Assert.Equal(ShardId.MerchantSlots, await CountAsync(silo));
        Assert.Contains(
            silo.Get<ScheduleQueries>().List(3),
            schedule => schedule is { Job: BookComparison.TypeName, Next.Count: 3 }
        );

        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().RunNowAsync(first.Key.Id, None));
        await UntilAsync(async () => (await EndsAsync(silo, shard)).Count > 0);
        Assert.Equal(TaskOutcomeStatus.Success, Assert.Single(await EndsAsync(silo, shard)).Status);
        // It was run beside its schedule, so the coming night still has its own.
        Assert.Equal(first.Key.Due, Assert.Single(await RowsAsync(silo, shard)).Key.Due);
        Assert.Equal(
            [
                "The books of merchant 10042 and of payments differ in 1 entries (missing-at-port 1); the "
                    + $"first are {Id}.1 p-1",
                $"The books of merchant {10042 + ShardId.MerchantSlots} and of inventory differ in 1 entries "
                    + $"(missing-at-port 1); the first are {10042 + ShardId.MerchantSlots}.BJ.tea",
            ],
            log.Of(3100)
        );
    }

    [Fact]
    public async Task ARunWhosePortIsSilentIsTriedAgainTheSameDay()
    {
        var log = new KeptLog();
        await using var silo = await StartAsync(log);
        await silo.PublishAsync(Id);
        _books.Answer = PortAnswer.Unavailable;
        var shard = new ShardId(Group.Shard.MerchantSlot * ShardId.RegionSlots);
        await UntilAsync(async () =>
            (await silo.Get<SlotStores>().First.Books.MerchantsAsync(shard.MerchantSlot, 0, 10, None)).Count == 1
        );
        var first = Assert.Single(await RowsAsync(silo, shard));
        Assert.Equal(TaskChangeOutcome.Done, await silo.Get<TaskOperations>().RunNowAsync(first.Key.Id, None));
        await UntilAsync(async () => (await RowsAsync(silo, shard)) is [{ Attempts: 1 }]);
        Assert.Equal(
            "The books of payments could not be compared for merchant 10042: As scripted.",
            Assert.Single(await RowsAsync(silo, shard)).LastError
        );
        Assert.Equal(["The books of payments could not be compared for merchant 10042: As scripted."], log.Of(3101));
        Assert.Equal(first.Key.Id, Assert.Single(await RowsAsync(silo, shard)).Key.Id);
    }

    private Task<TestSilo> StartAsync(KeptLog? log = null) =>
        TestSilo.StartAsync(services: services =>
        {
            services.AddSingleton<IPaymentBooks>(_books).AddSingleton<IStockBooks>(_books);
            if (log is not null)
                services.AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(log);
        });

    private static async Task PaidAsync(IGroupGrain group, int number)
    {
        Assert.Null((await group.Join(new JoinGroup($"user-{number}"))).Refusal);
        Assert.Null((await group.Pay(new PayOrder(number, $"p-{number}", Price, Trusted: true))).Refusal);
    }

    private static async Task<MerchantComparison> CompareAsync(TestSilo silo)
    {
        await ProjectedAsync(silo, payments: 4);
        return await silo.Get<BookComparer>().CompareAsync(10042, TestSilo.Bound, None);
    }

    private static async Task<(long Count, long Underway)> PaymentsAsync(TestSilo silo, int payments = 0)
    {
        await ProjectedAsync(silo, payments);
        var found = (await silo.Get<BookComparer>().CompareAsync(10042, TestSilo.Bound, None)).Payments;
        Assert.True(found is { Answered: true, Complete: true }, found.Reason);
        return (found.Count, found.Underway);
    }

    private static Task ProjectedAsync(TestSilo silo, int payments) =>
        UntilAsync(async () =>
            (await silo.Get<SlotStores>().First.Books.PaymentsAsync(10042, null, 100, None)).Count >= payments
        );

    private static async Task<IReadOnlyList<TimedTask>> RowsAsync(TestSilo silo, ShardId shard) =>
        (await silo.Get<ITaskStore>().ListAsync(new TaskFilter(BookComparison.TypeName, shard), null, 10, None)).Items;

    private static async Task<int> CountAsync(TestSilo silo)
    {
        var count = 0;
        for (string? after = null; ; )
        {
            var page = await silo.Get<ITaskStore>()
                .ListAsync(new TaskFilter(BookComparison.TypeName), after, 500, None);
            count += page.Items.Count;
            if ((after = page.Next) is null)
                return count;
        }
    }

    private static async Task<IReadOnlyList<TaskOutcome>> EndsAsync(TestSilo silo, ShardId shard) =>
        (
            await silo.Get<ITaskOutcomes>()
                .SearchAsync(new TaskOutcomeFilter { Type = BookComparison.TypeName, Shard = shard }, null, 10, None)
        ).Items;

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (!await holds())
            await Task.Delay(20, bound.Token);
    }
}
