using CsCheck;

namespace GroupBuyActors.Tasks;

public sealed class FairQueueTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void WithinATenantTheLeastPriorityGoesFirstAndTheEarlierArrivalOfTwoAlike()
    {
        var queue = new FairQueue<string>();
        queue.Enqueue("late", 1, Noon.AddSeconds(2));
        queue.Enqueue("first", 1, Noon);
        queue.Enqueue("second", 1, Noon);
        Assert.True(queue.TryPeek(out var head, out var priority));
        Assert.Equal(("first", Noon), (head, priority));
        Assert.Equal(["first", "second", "late"], Drain(queue));
        Assert.False(queue.TryPeek(out _, out _));
    }

    [Fact]
    public void AHerdOfOneTenantDelaysAnothersItemsByOneEachAtMost()
    {
        var queue = new FairQueue<int>();
        for (var n = 0; n < 50_000; n++)
            queue.Enqueue(1, 1, Noon);
        for (var n = 0; n < 1_000; n++)
            queue.TryDequeue(out _);
        for (var n = 0; n < 100; n++)
            queue.Enqueue(2, 2, Noon.AddHours(1));
        var order = Drain(queue);
        Assert.Equal(100, order.Take(201).Count(tenant => tenant == 2));
    }

    [Fact]
    public void ATenantThatWasIdleGetsNoCreditForIt()
    {
        var queue = new FairQueue<int>();
        queue.Enqueue(2, 2, Noon);
        queue.TryDequeue(out _);
        for (var n = 0; n < 100; n++)
            queue.Enqueue(1, 1, Noon);
        for (var n = 0; n < 50; n++)
            queue.TryDequeue(out _);
        for (var n = 0; n < 10; n++)
            queue.Enqueue(2, 2, Noon);
        var next = Enumerable.Range(0, 20).Select(_ => queue.TryDequeue(out var tenant) ? tenant : 0).ToList();
        Assert.InRange(next.Count(tenant => tenant == 1), 9, 11);
    }

    [Fact]
    public void WhatIsGoneCostsItsTenantNoTurn()
    {
        var gone = new HashSet<int>();
        var queue = new FairQueue<int>(gone.Contains);
        foreach (var item in (int[])[10, 11, 12, 13])
            queue.Enqueue(item, 1, Noon);
        foreach (var item in (int[])[20, 21])
            queue.Enqueue(item, 2, Noon);
        queue.Enqueue(30, 3, Noon);
        gone.UnionWith([10, 11, 30]);
        Assert.True(queue.TryPeek(out var head, out _));
        Assert.Equal(12, head);
        Assert.Equal([12, 20, 13, 21], Drain(queue));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void ATenantThatSendsOneItemAtATimeHoldsUpNoOther()
    {
        var queue = new FairQueue<int>();
        for (var n = 0; n < 100; n++)
            queue.Enqueue(1, 1, Noon);
        var taken = new List<int>();
        for (var n = 0; n < 100; n++)
        {
            queue.Enqueue(2, 2, Noon);
            if (queue.TryDequeue(out var tenant))
                taken.Add(tenant);
        }

        Assert.InRange(taken.Count(tenant => tenant == 1), 49, 51);
    }

    /// <summary>
    /// Virtual start times let every newcomer in before a tenant that has had its turn, and a stream of newcomers kept
    /// it from the next.
    /// </summary>
    [Fact]
    public void AStreamOfTenantsThatEachBringOneItemHoldsUpNoOther()
    {
        var queue = new FairQueue<long>();
        for (var n = 0; n < 100; n++)
            queue.Enqueue(1, 1, Noon);
        var turns = new List<long>();
        for (var newcomer = 2; newcomer < 202; newcomer++)
        {
            queue.Enqueue(newcomer, newcomer, Noon.AddHours(-1));
            if (queue.TryDequeue(out var tenant))
                turns.Add(tenant);
        }

        // Each turn of its own adds one to those that wait, so its rounds have 1, 2, 3… turns: 19 of them in 200.
        Assert.InRange(turns.Count(tenant => tenant == 1), 19, 20);
    }

    /// <summary>
    /// Against a model that keeps a list: nothing is lost or doubled, each tenant's own order holds, and no tenant that
    /// waits is passed over twice in a row of turns.
    /// </summary>
    [Fact]
    public void EveryItemComesOutOnceInItsTenantsOrderAndNoWaitingTenantIsPassedOver() =>
        Gen.Select(Gen.Long[1, 4], Gen.Int[0, 5], Gen.Bool)
            .Array[1, 200]
            .Sample(steps =>
            {
                var queue = new FairQueue<(long Tenant, DateTimeOffset Priority, int Number)>();
                var model = new List<(long Tenant, DateTimeOffset Priority, int Number)>();
                var passedOver = new Dictionary<long, int>();
                var number = 0;
                foreach (var (tenant, seconds, isTake) in steps)
                {
                    if (!isTake)
                    {
                        var item = (tenant, Noon.AddSeconds(seconds), number++);
                        queue.Enqueue(item, tenant, item.Item2);
                        model.Add(item);
                        continue;
                    }

                    if (!queue.TryDequeue(out var taken))
                        return model.Count == 0;
                    var expected = model
                        .Where(item => item.Tenant == taken.Tenant)
                        .OrderBy(item => item.Priority)
                        .ThenBy(item => item.Number)
                        .First();
                    if (expected != taken || !model.Remove(taken) || queue.Count != model.Count)
                        return false;
                    var waiting = model.Select(item => item.Tenant).ToHashSet();
                    foreach (var other in waiting)
                        passedOver[other] = other == taken.Tenant ? 0 : passedOver.GetValueOrDefault(other) + 1;
                    foreach (var gone in passedOver.Keys.Where(other => !waiting.Contains(other)).ToList())
                        passedOver.Remove(gone);
                    // Four tenants: three stand before the last, and who comes stands behind it.
                    if (passedOver.Values.Any(turns => turns > 3))
                        return false;
                }

                return Drain(queue).ToHashSet().SetEquals(model);
            });

    private static List<T> Drain<T>(FairQueue<T> queue)
    {
        var items = new List<T>();
        while (queue.TryDequeue(out var item))
            items.Add(item);
        return items;
    }
}
