using CsCheck;

namespace GroupBuyActors.Tasks;

public sealed class TaskWheelTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void EntriesComeOutByDueTimeAndThenByTheOrderTheyWereAdded()
    {
        var wheel = new TaskWheel<int>(Start);
        foreach (
            var (id, ms) in new[] { ("c", 70_000), ("a", 5), ("b", 300), ("a2", 5), ("d", 20_000_000), ("late", -10) }
        )
            Assert.True(wheel.Add(id, Start.AddMilliseconds(ms), ms));
        Assert.Equal(["late", "a", "a2", "b", "c", "d"], Pop(wheel, Start.AddDays(1)));
        Assert.Equal(0, wheel.Count);
    }

    [Fact]
    public void NothingComesOutBeforeItsMillisecond()
    {
        var wheel = new TaskWheel<int>(Start);
        wheel.Add("a", Start.AddMilliseconds(500), 0);
        wheel.Add("b", Start.AddTicks(1), 0);
        Assert.Empty(Pop(wheel, Start));
        Assert.Equal(["b"], Pop(wheel, Start.AddMilliseconds(499)));
        Assert.Equal(["a"], Pop(wheel, Start.AddMilliseconds(500)));
    }

    [Fact]
    public void NextDueIsExactHoweverFarAhead()
    {
        var wheel = new TaskWheel<int>(Start);
        Assert.Null(wheel.NextDue());
        var far = Start.AddDays(90).AddMilliseconds(7);
        wheel.Add("far", far, 0);
        Assert.Equal(far, wheel.NextDue());
        wheel.Add("near", Start.AddMilliseconds(3), 0);
        Assert.Equal(Start.AddMilliseconds(3), wheel.NextDue());
        Assert.True(wheel.Cancel("near", out _));
        Assert.Equal(far, wheel.NextDue());
        Assert.Empty(Pop(wheel, far.AddMilliseconds(-1)));
        Assert.Equal(["far"], Pop(wheel, far));
    }

    [Fact]
    public void AnIdIsThereOnce()
    {
        var wheel = new TaskWheel<string>(Start);
        Assert.True(wheel.Add("a", Start, "first"));
        Assert.False(wheel.Add("a", Start.AddSeconds(9), "second"));
        Assert.True(wheel.TryGet("a", out var due, out var item));
        Assert.Equal((Start, "first"), (due, item));
        Assert.True(wheel.Cancel("a", out item));
        Assert.Equal("first", item);
        Assert.False(wheel.Cancel("a", out _));
        Assert.True(wheel.Add("a", Start, "third"));
        Assert.Equal(["a"], Pop(wheel, Start));
    }

    [Fact]
    public void AtMostSoManyComeOutAtOnceAndTheRestStays()
    {
        var wheel = new TaskWheel<int>(Start);
        for (var i = 0; i < 10; i++)
            wheel.Add($"{i}", Start, i);
        var due = new List<DueEntry<int>>();
        Assert.Equal(4, wheel.PopDue(Start, due, 4));
        Assert.Equal(6, wheel.PopDue(Start, due));
        Assert.Equal(Enumerable.Range(0, 10), due.Select(entry => entry.Item));
    }

    [Fact]
    public void CancelledEntriesDoNotPileUp()
    {
        var wheel = new TaskWheel<int>(Start);
        for (var i = 0; i < 100_000; i++)
        {
            wheel.Add("same", Start.AddMilliseconds(-i % 7), i);
            wheel.Cancel("same", out _);
        }

        Assert.Equal(0, wheel.Count);
        Assert.Empty(Pop(wheel, Start.AddDays(1)));
    }

    private enum Do
    {
        Add,
        Cancel,
        CancelFrom,
        Pop,
        PopSome,
        NextDue,
    }

    /// <summary>Against a sorted list that does the same the plain way.</summary>
    [Fact]
    public void WheelDoesWhatASortedListDoes() =>
        Gen.Select(
                Gen.Enum<Do>(),
                Gen.Int[0, 30],
                Gen.OneOf(
                    Gen.Long[-50, 600],
                    Gen.Long[0, 200_000],
                    Gen.Long[0, 40_000_000],
                    Gen.Long[0, 20_000_000_000]
                )
            )
            .List[0, 200]
            .Sample(
                steps =>
                {
                    var (wheel, model, now, order) = (
                        new TaskWheel<int>(Start),
                        new List<(string Id, DateTimeOffset Due, int Order)>(),
                        Start,
                        0
                    );
                    foreach (var (what, id, ms) in steps)
                    {
                        var (name, due) = ($"{id}", now.AddMilliseconds(ms));
                        var at = model.FindIndex(entry => entry.Id == name);
                        switch (what)
                        {
                            case Do.Add:
                                Assert.Equal(at < 0, wheel.Add(name, due, id));
                                if (at < 0)
                                    model.Add((name, due, order++));
                                break;
                            case Do.Cancel:
                                Assert.Equal(at >= 0, wheel.Cancel(name, out _));
                                if (at >= 0)
                                    model.RemoveAt(at);
                                break;
                            case Do.CancelFrom:
                                Assert.Equal(model.RemoveAll(entry => entry.Due >= due), wheel.CancelFrom(due));
                                break;
                            case Do.Pop or Do.PopSome:
                                now = due > now ? due : now;
                                var countMax = what == Do.Pop ? int.MaxValue : id % 5;
                                var expected = model
                                    .Where(entry => entry.Due <= now)
                                    .OrderBy(entry => entry.Due)
                                    .ThenBy(entry => entry.Order)
                                    .Take(countMax)
                                    .ToList();
                                model.RemoveAll(expected.Contains);
                                Assert.Equal(expected.Select(entry => entry.Id), Pop(wheel, now, countMax));
                                break;
                            default:
                                Assert.Equal(model.Count == 0 ? null : model.Min(entry => entry.Due), wheel.NextDue());
                                break;
                        }

                        Assert.Equal(model.Count, wheel.Count);
                    }
                },
                iter: 5_000
            );

    private static IEnumerable<string> Pop<TItem>(
        TaskWheel<TItem> wheel,
        DateTimeOffset now,
        int countMax = int.MaxValue
    )
    {
        var due = new List<DueEntry<TItem>>();
        Assert.Equal(wheel.PopDue(now, due, countMax), due.Count);
        return due.Select(entry => entry.Id);
    }
}
