using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Store.Tests;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Sandbox.Tests;

public sealed class SqliteFaultTests(SqliteFiles files) : FaultTests(files);

public sealed class MySqlFaultTests(MariaDb server) : FaultTests(server);

/// <summary>Ports that misbehave as told.</summary>
public abstract class FaultTests(IDatabaseFixture databases)
{
    [Fact]
    public async Task AFailingCallIsSilentHasNoEffectAndIsCounted()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await FaultAsync(sandbox, new SandboxFault(1, TimeSpan.Zero, false, null));
        Assert.Equal(PortAnswer.Unavailable, await sandbox.ReserveAsync(1, 5));
        Assert.Equal(new SandboxStock(1_000_000, 0, 0), await sandbox.StockAsync());
        Assert.Equal(1, (await sandbox.CallAsync(SandboxPort.Inventory, TestSandbox.ReserveKey(1)))!.Times);
        await FaultAsync(sandbox, SandboxFault.None);
        Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(1, 5));
        Assert.Equal(2, (await sandbox.CallAsync(SandboxPort.Inventory, TestSandbox.ReserveKey(1)))!.Times);
    }

    [Fact]
    public async Task APermanentFaultRefusesAndIsForgottenWithTheFault()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.Control.SetFaultAsync(
            SandboxPort.Payments,
            new SandboxFault(1, TimeSpan.Zero, true, null),
            default
        );
        Assert.Equal(
            PortAnswer.Refused,
            (await sandbox.Payments.RefundAsync("key", TestSandbox.Order, "p", TestSandbox.Price, default)).Answer
        );
        Assert.Equal(PortAnswer.Refused, (await sandbox.Payments.QueryAsync(TestSandbox.Order, default)).Answer);
        Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(1, 5));
        await sandbox.Control.SetFaultAsync(SandboxPort.Payments, SandboxFault.None, default);
        Assert.Equal(
            PortAnswer.Done,
            (await sandbox.Payments.RefundAsync("key", TestSandbox.Order, "p", TestSandbox.Price, default)).Answer
        );
    }

    [Fact]
    public async Task AFaultOfOneSkuLeavesOthersAlone()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await FaultAsync(sandbox, new SandboxFault(1, TimeSpan.Zero, true, "coffee"));
        Assert.Equal(PortAnswer.Done, await sandbox.ReserveAsync(1, 5));
        Assert.Equal(PortAnswer.Refused, await sandbox.ReserveAsync(2, 5, "coffee"));
    }

    [Fact]
    public async Task AboutThatShareFails()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        await sandbox.Control.SetFaultAsync(
            SandboxPort.Notices,
            new SandboxFault(0.5, TimeSpan.Zero, false, null),
            default
        );
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 400)
                .Select(n => sandbox.Notices.SendAsync($"notice:{n}", TestSandbox.Order, "u", "k", default))
        );
        // Six standard deviations: one run in five hundred million is outside.
        Assert.InRange(answers.Count(reply => reply.Answer == PortAnswer.Unavailable), 140, 260);
    }

    [Fact]
    public async Task EverySiloActsOnAFaultOnceItIsAnswered()
    {
        var database = await databases.NewDatabaseAsync();
        await using var one = await TestSandbox.OpenAsync(databases.Provider, database);
        await using var other = await TestSandbox.OpenAsync(databases.Provider, database);
        for (var n = 0; n < 4; n++)
        {
            Assert.Equal(PortAnswer.Done, await other.ReserveAsync(1, 5));
            await FaultAsync(one, new SandboxFault(1, TimeSpan.Zero, false, null));
            Assert.Equal(PortAnswer.Unavailable, await other.ReserveAsync(1, 5));
            Assert.Equal(PortAnswer.Unavailable, await one.ReserveAsync(1, 5));
            await FaultAsync(other, SandboxFault.None);
            Assert.Equal(PortAnswer.Done, await one.ReserveAsync(1, 5));
        }
    }

    [Fact]
    public async Task ASlowCallTakesEffectAfterItsDelayEvenWhenItsCallerGaveUp()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        await using var sandbox = await TestSandbox.NewAsync(databases, time);
        await sandbox.ReserveAsync(1, 10);
        await AdvanceUntilAsync(time, FaultAsync(sandbox, new SandboxFault(0, TimeSpan.FromSeconds(12), false, null)));

        using var patience = new CancellationTokenSource();
        var deduction = sandbox.Inventory.DeductAsync(
            new StockDeduction(
                TestSandbox.DeductKey(1),
                TestSandbox.ReserveKey(1),
                TestSandbox.Group,
                TestSandbox.Sku,
                6
            ),
            patience.Token
        );
        var waits = Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        Assert.Same(waits, await Task.WhenAny(deduction, waits));
        await patience.CancelAsync();
        Assert.Equal(PortAnswer.Unavailable, (await deduction).Answer);
        Assert.Equal(new SandboxStock(999_990, 10, 0), await sandbox.StockAsync());

        time.Advance(TimeSpan.FromSeconds(12));
        await UntilAsync(async () => (await sandbox.StockAsync()).Deducted == 6);
    }

    [Fact]
    public async Task AFailureComesAfterItsDelay()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        await using var sandbox = await TestSandbox.NewAsync(databases, time);
        await AdvanceUntilAsync(time, FaultAsync(sandbox, new SandboxFault(1, TimeSpan.FromSeconds(3), true, null)));
        var reservation = sandbox.ReserveAsync(1, 10);
        await UntilAsync(async () =>
            await sandbox.CallAsync(SandboxPort.Inventory, TestSandbox.ReserveKey(1)) is not null
        );
        Assert.False(reservation.IsCompleted);
        await AdvanceUntilAsync(time, reservation);
        Assert.Equal(PortAnswer.Refused, await reservation);
    }

    private static Task FaultAsync(TestSandbox sandbox, SandboxFault fault) =>
        sandbox.Control.SetFaultAsync(SandboxPort.Inventory, fault, default);

    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Task done)
    {
        while (!done.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        await done;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; !await holds(); tries++)
        {
            Assert.True(tries < 1000, "It never held.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
