using CsCheck;
using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Store.Tests;

namespace GroupBuyActors.Sandbox.Tests;

public sealed class SqliteInventoryTests(SqliteFiles files) : InventoryTests(files);

public sealed class MySqlInventoryTests(MariaDb server) : InventoryTests(server);

/// <summary>The inventory port's contract, as the sandbox keeps it.</summary>
public abstract class InventoryTests(IDatabaseFixture databases)
{
    [Fact]
    public async Task UnitsGoFromAvailableThroughReservedToDeductedAndBack()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        Assert.Equal(new SandboxStock(1_000_000, 0, 0), await sandbox.StockAsync());
        await sandbox.SetStockAsync(100);
        Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(1, 10));
        Assert.Equal(new SandboxStock(90, 10, 0), await sandbox.StockAsync());
        Assert.Equal(PortAnswer.Done, await sandbox.DeductAsync(1, 7));
        Assert.Equal(new SandboxStock(90, 3, 7), await sandbox.StockAsync());
        Assert.Equal(PortAnswer.Done, await sandbox.ReleaseAsync(1, units: 2, returned: 1));
        Assert.Equal(new SandboxStock(93, 1, 6), await sandbox.StockAsync());
    }

    [Fact]
    public async Task SkusThatDifferByABlankAtTheEndAreTwo()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        foreach (var (sku, units) in new[] { ("k", 1L), ("k ", 2L), ("K", 3L), ("ḱ", 4L) })
            Assert.Equal(
                new SandboxStock(units, 0, 0),
                await sandbox.Control.SetStockAsync(7, sku, units, 0, 0, default)
            );
        Assert.Equal(new SandboxStock(1, 0, 0), await sandbox.Control.GetStockAsync(7, "k", default));
        Assert.Equal(new SandboxStock(2, 0, 0), await sandbox.Control.GetStockAsync(7, "k ", default));
        Assert.Equal(
            new SandboxStock(SandboxStock.NeverSet, 0, 0),
            await sandbox.Control.GetStockAsync(7, " k", default)
        );
    }

    [Fact]
    public async Task ARepeatHasNoSecondEffectAndGetsTheFirstAnswer()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.SetStockAsync(10);
        for (var n = 0; n < 3; n++)
        {
            Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(1, 8));
            Assert.Equal(PortAnswer.Refused, await sandbox.ReserveAsync(2, 8));
            Assert.Equal(PortAnswer.Done, await sandbox.DeductAsync(1, 5));
            Assert.Equal(PortAnswer.Refused, await sandbox.DeductAsync(2, 5));
        }

        for (var n = 0; n < 3; n++)
            Assert.Equal(PortAnswer.Done, await sandbox.ReleaseAsync(1, units: 1, returned: 2));
        Assert.Equal(new SandboxStock(5, 2, 3), await sandbox.StockAsync());

        // Refused stays refused under its key, whatever came since; a new attempt is a new key.
        await sandbox.SetStockAsync(100);
        Assert.Equal(PortAnswer.Refused, await sandbox.ReserveAsync(2, 8));
        Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(3, 8));
        Assert.Equal(4, (await sandbox.CallAsync(SandboxPort.Inventory, TestSandbox.ReserveKey(2)))!.Times);
    }

    [Fact]
    public async Task TwoCallsAtOnceWithOneKeyAreOne()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.SetStockAsync(100);
        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => sandbox.ReserveAsync(1, 10)))),
            answer => Assert.Equal(PortAnswer.Done, answer)
        );
        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => sandbox.DeductAsync(1, 6)))),
            answer => Assert.Equal(PortAnswer.Done, answer)
        );
        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => sandbox.ReleaseAsync(1, 4, 1)))),
            answer => Assert.Equal(PortAnswer.Done, answer)
        );
        Assert.Equal(new SandboxStock(95, 0, 5), await sandbox.StockAsync());
        var call = (await sandbox.CallAsync(SandboxPort.Inventory, TestSandbox.DeductKey(1)))!;
        Assert.Equal(("deduct", 12L), (call.Operation, call.Times));
        Assert.True(call.FirstAt <= call.LastAt);
    }

    /// <summary>The answer of a deduction comes after the group was compensated.</summary>
    [Fact]
    public async Task ADeductionThatWasUndoneBeforeItCameHasNoEffect()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.SetStockAsync(100);
        await sandbox.ReserveAsync(1, 10);
        Assert.Equal(PortAnswer.Done, await sandbox.ReleaseAsync(1, units: 4, undoDeductions: [1]));
        Assert.Equal(PortAnswer.Refused, await sandbox.DeductAsync(1, 6));
        Assert.Equal(new SandboxStock(94, 6, 0), await sandbox.StockAsync());
    }

    [Fact]
    public async Task ADeductionThatWasUndoneAfterItCameIsReservedAgainAndReleased()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.SetStockAsync(100);
        await sandbox.ReserveAsync(1, 10);
        await sandbox.DeductAsync(1, 6);
        Assert.Equal(PortAnswer.Done, await sandbox.ReleaseAsync(1, units: 10, undoDeductions: [1, 2]));
        Assert.Equal(new SandboxStock(100, 0, 0), await sandbox.StockAsync());
        Assert.Equal(PortAnswer.Refused, await sandbox.DeductAsync(1, 6));
        Assert.Equal(PortAnswer.Refused, await sandbox.DeductAsync(2, 6));
        Assert.Equal(new SandboxStock(100, 0, 0), await sandbox.StockAsync());
    }

    /// <summary>
    /// The reservation got no answer, the publication was abandoned, and the reservation arrives afterwards or had
    /// arrived.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnUndoneReservationHoldsNothingAndTheNextAttemptIsFree(bool cameFirst)
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.SetStockAsync(10);
        if (cameFirst)
            Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(1, 10));
        Assert.Equal(PortAnswer.Done, await sandbox.ReleaseAsync(1, undo: true));
        Assert.Equal(PortAnswer.Refused, await sandbox.ReserveAsync(1, 10));
        Assert.Equal(new SandboxStock(10, 0, 0), await sandbox.StockAsync());
        Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(2, 10));
        Assert.Equal(new SandboxStock(0, 10, 0), await sandbox.StockAsync());
    }

    [Fact]
    public async Task NoMoreGoesBackThanIsThere()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.SetStockAsync(10);
        await sandbox.ReserveAsync(1, 4);
        await sandbox.DeductAsync(1, 1);
        Assert.Equal(PortAnswer.Done, await sandbox.ReleaseAsync(1, units: 100, returned: 100));
        Assert.Equal(new SandboxStock(10, 0, 0), await sandbox.StockAsync());
        Assert.Equal(PortAnswer.Done, await sandbox.ReleaseAsync(2, units: 5, attempt: 9));
        Assert.Equal(new SandboxStock(10, 0, 0), await sandbox.StockAsync());
    }

    [Fact]
    public async Task SkusAndMerchantsAreApart()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.SetStockAsync(1);
        Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(1, 5, "Tea"));
        Assert.Equal(PortAnswer.Refused, await sandbox.ReserveAsync(2, 5));
        Assert.Equal(
            new SandboxStock(999_995, 5, 0),
            await sandbox.Control.GetStockAsync(TestSandbox.Group.MerchantId, "Tea", default)
        );
        Assert.Equal(
            new SandboxStock(1_000_000, 0, 0),
            await sandbox.Control.GetStockAsync(7, TestSandbox.Sku, default)
        );
        Assert.Equal(new SandboxStock(3, 2, 1), await sandbox.Control.SetStockAsync(7, "x", 3, 2, 1, default));
    }

    [Fact]
    public async Task WhatWasAnsweredIsThereAfterAReopening()
    {
        var database = await databases.NewDatabaseAsync();
        await using (var before = await TestSandbox.OpenAsync(databases.Provider, database))
        {
            await before.SetStockAsync(10);
            await before.ReserveAsync(1, 4);
            await before.Control.PayAsync(TestSandbox.Order, new ProviderPayment("p", TestSandbox.Price), default);
            await before.Control.SetFaultAsync(
                SandboxPort.Notices,
                new SandboxFault(1, TimeSpan.Zero, true, null),
                default
            );
        }

        await using var after = await TestSandbox.OpenAsync(databases.Provider, database);
        Assert.Equal(new SandboxStock(6, 4, 0), await after.StockAsync());
        Assert.Equal(PortAnswer.Done, await after.ReserveAsync(1, 4));
        Assert.Equal(2, (await after.CallAsync(SandboxPort.Inventory, TestSandbox.ReserveKey(1)))!.Times);
        Assert.Single((await after.Payments.QueryAsync(TestSandbox.Order, default)).Payments);
        Assert.Equal(
            PortAnswer.Refused,
            (await after.Notices.SendAsync("notice", TestSandbox.Order, "u", "success", default)).Answer
        );
    }

    /// <summary>
    /// Whatever is asked in whatever order, two at a time and again: units are neither made nor lost, and none is owed.
    /// </summary>
    [Fact]
    public async Task UnitsAreConserved()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        var step = Gen.Select(Gen.Int[0, 3], Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[0, 6], Gen.Int[0, 3]);
        var rounds = databases.Provider == Store.StoreProvider.Sqlite ? 30 : 8;
        var merchant = 0L;
        await step.Array[1, 30]
            .SampleAsync(
                async steps =>
                {
                    var group = GroupId.Parse($"{Interlocked.Increment(ref merchant)}.SH.a");
                    await sandbox.Control.SetStockAsync(group.MerchantId, TestSandbox.Sku, 20, 0, 0, default);
                    foreach (var pair in steps.Chunk(2))
                    {
                        await Task.WhenAll(pair.Append(pair[0]).Select(s => RunAsync(sandbox.Inventory, group, s)));
                        var stock = await sandbox.Control.GetStockAsync(group.MerchantId, TestSandbox.Sku, default);
                        Assert.Equal(20, stock.Available + stock.Reserved + stock.Deducted);
                        Assert.True(stock is { Available: >= 0, Reserved: >= 0, Deducted: >= 0 }, stock.ToString());
                    }
                },
                iter: rounds,
                threads: 1
            );
    }

    /// <summary>
    /// Calls that come together go to the books together; each has the effect and the answer that it would have alone,
    /// twins on another silo too.
    /// </summary>
    [Fact]
    public async Task ManyCallsAtOnceFromTwoSilosHaveEachItsOwnEffect()
    {
        const int Skus = 5,
            Each = 24;
        var database = await databases.NewDatabaseAsync();
        await using var first = await TestSandbox.OpenAsync(databases.Provider, database);
        await using var second = await TestSandbox.OpenAsync(databases.Provider, database);
        var group = TestSandbox.Group;
        for (var sku = 0; sku < Skus; sku++)
            await first.Control.SetStockAsync(group.MerchantId, $"sku-{sku}", 2 * Each, null, null, default);

        // Of each sku more is asked for than there is: 2 units a call, so that half of the calls are refused.
        var calls = Enumerable
            .Range(0, Skus * Each * 2)
            .Select(n => new StockReservation($"reserve:{group}:{n}", group, $"sku-{n % Skus}", 2))
            .ToList();
        var reserved = await TwiceAsync((inventory, n) => inventory.ReserveAsync(calls[n], default));
        var held = calls.Where((_, n) => reserved[n] == PortAnswer.Done).ToList();
        Assert.Equal(Skus * Each, held.Count);
        Assert.All(await StocksAsync(), stock => Assert.Equal(new SandboxStock(0, 2 * Each, 0), stock));

        // One unit of each is deducted while the other goes back.
        var moved = await Task.WhenAll(
            TwiceAsync(
                (inventory, n) =>
                    inventory.DeductAsync(
                        new StockDeduction($"deduct:{group}:{n}", calls[n].Key, group, calls[n].Sku, 1),
                        default
                    )
            ),
            TwiceAsync(
                (inventory, n) =>
                    inventory.ReleaseAsync(
                        new StockRelease($"release:{group}:{n}", calls[n].Key, group, calls[n].Sku, 1, 0),
                        default
                    )
            )
        );
        Assert.Equal(reserved, moved[0]);
        Assert.All(moved[1], answer => Assert.Equal(PortAnswer.Done, answer));
        Assert.All(await StocksAsync(), stock => Assert.Equal(new SandboxStock(Each, 0, Each), stock));
        Assert.All(
            await Task.WhenAll(calls.Take(10).Select(call => first.CallAsync(SandboxPort.Inventory, call.Key))),
            call => Assert.Equal(2, call!.Times)
        );

        async Task<PortAnswer[]> TwiceAsync(Func<IInventory, int, Task<PortReply>> call)
        {
            var answers = await Task.WhenAll(
                calls.SelectMany(
                    (_, n) => new[] { first, second }.Select(silo => Task.Run(() => call(silo.Inventory, n)))
                )
            );
            Assert.All(answers.Chunk(2), twins => Assert.Equal(twins[0].Answer, twins[1].Answer));
            return [.. answers.Chunk(2).Select(twins => twins[0].Answer)];
        }

        Task<SandboxStock[]> StocksAsync() =>
            Task.WhenAll(
                Enumerable
                    .Range(0, Skus)
                    .Select(sku => second.Control.GetStockAsync(group.MerchantId, $"sku-{sku}", default))
            );
    }

    private static Task<PortReply> RunAsync(
        IInventory inventory,
        GroupId group,
        (int Operation, int Attempt, int Cause, int Units, int Other) step
    )
    {
        var (reservation, deduction, release) = (
            $"reserve:{group}:{step.Attempt}",
            $"deduct:{group}:{step.Cause}",
            $"release:{group}:{step.Cause}"
        );
        return step.Operation switch
        {
            0 => inventory.ReserveAsync(new StockReservation(reservation, group, TestSandbox.Sku, step.Units), default),
            1 => inventory.DeductAsync(
                new StockDeduction(deduction, reservation, group, TestSandbox.Sku, step.Units),
                default
            ),
            2 => inventory.ReleaseAsync(
                new StockRelease(release, reservation, group, TestSandbox.Sku, step.Units, step.Other),
                default
            ),
            _ => inventory.ReleaseAsync(
                new StockRelease(release, reservation, group, TestSandbox.Sku, step.Units, step.Other)
                {
                    UndoReservation = step.Other == 0,
                    UndoDeductions = [deduction],
                },
                default
            ),
        };
    }
}
