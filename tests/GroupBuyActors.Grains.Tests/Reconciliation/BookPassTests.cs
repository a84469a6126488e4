using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Reconciliation;

/// <summary>One pass over two books, whatever their lengths and pages.</summary>
public sealed class BookPassTests
{
    [Fact]
    public async Task EveryDifferenceIsFoundAndNothingElse()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var dice = new Random(seed);
        for (var round = 0; round < 500; round++)
        {
            int[][] Lines() =>
                [
                    .. Enumerable
                        .Range(0, dice.Next(60))
                        .Select(_ => (int[])[dice.Next(1, 40), dice.Next(1, 4), dice.Next(1, 3)]),
                ];
            var ours = Lines()
                .Select(x => Ours(x[0], x[1], x[2]))
                .GroupBy(BookKey.Of)
                .ToDictionary(same => same.Key, same => same.First());
            var theirs = Lines()
                .Select(x => Theirs(x[0], x[1], x[2]))
                .GroupBy(BookKey.Of)
                .ToDictionary(same => same.Key, same => same.First());
            var found = await new TwoBooks(ours.Values, theirs.Values) { PageSize = dice.Next(1, 8) }.RunAsync(
                TimeSpan.FromMinutes(1),
                CancellationToken.None
            );
            var expected = ours
                .Keys.Union(theirs.Keys)
                .Order()
                .Select(key =>
                    (key, Kind: Differences.Between(ours.GetValueOrDefault(key), theirs.GetValueOrDefault(key)))
                )
                .Where(difference => difference.Kind is not null)
                .Select(difference => (difference.key, difference.Kind!.Value))
                .Take(100)
                .ToList();
            Assert.True(found is { Answered: true, Complete: true, Underway: 0 });
            Assert.Equal(expected, found.Differing.Select(difference => (difference.Key, difference.Kind)));
        }
    }

    [Fact]
    public async Task AllAreCountedAndTheFirstAreTold()
    {
        var pass = new TwoBooks(Enumerable.Range(1, 1_050).Select(n => Ours(n, 1, 1)), []);
        var found = await pass.RunAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.Equal(1_050, found.Counts[DifferenceKind.MissingAtPort]);
        Assert.Equal(100, found.Differing.Count);
        // Suspects are looked at in batches: their number does not depend on the books' length.
        Assert.InRange(pass.AskedAtOnceMax, 1, 200);
    }

    [Fact]
    public async Task BooksOutOfOrderAreNotUsed()
    {
        var found = await new TwoBooks([], [Theirs(2, 1, 1), Theirs(1, 1, 1)], sorted: false).RunAsync(
            TimeSpan.FromMinutes(1),
            CancellationToken.None
        );
        Assert.False(found.Answered);
        Assert.Contains("not sorted", found.Reason);
    }

    [Fact]
    public async Task APortWhoseMarksGoInACircleEndsThePass()
    {
        var found = await new TwoBooks([], [Theirs(1, 1, 1), Theirs(2, 1, 1)])
        {
            PageSize = 1,
            StandsStill = true,
        }.RunAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.False(found.Answered);
    }

    [Fact]
    public async Task TheTimeBoundEndsAPassAndIsSaid()
    {
        var time = new FakeTimeProvider();
        var pass = new TwoBooks([], [Theirs(1, 1, 1)], time: time) { Hangs = true };
        var running = pass.RunAsync(TimeSpan.FromSeconds(3), CancellationToken.None);
        await pass.Asked;
        time.Advance(TimeSpan.FromSeconds(3));
        var found = await running.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(
            (true, false, "The comparison was not complete within 3 s."),
            (found.Answered, found.Complete, found.Reason)
        );
    }

    [Fact]
    public async Task ALineWhoseGroupCannotBeAskedIsNeitherRightNorWrong()
    {
        var found = await new TwoBooks([Ours(1, 1, 1), Ours(2, 1, 1)], [])
        {
            Mute = BookKey.Of(Ours(2, 1, 1)),
        }.RunAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.Equal(1, found.Count);
        Assert.False(found.Complete);
        Assert.Contains("1 entries", found.Reason);
    }

    private static PaymentEntry Ours(int order, int payment, int amount) =>
        new(Id(order), $"p-{payment}", new Money(amount, "CNY"), PaymentState.Held, null);

    private static PaymentBookEntry Theirs(int order, int payment, int amount) =>
        new(Id(order), $"p-{payment}", new Money(amount, "CNY"), false);

    private static OrderId Id(int order) => OrderId.Parse($"1.SH.tea.{order}");

    /// <summary>Two lists; the groups say what our list says.</summary>
    private sealed class TwoBooks(
        IEnumerable<PaymentEntry> ours,
        IEnumerable<PaymentBookEntry> theirs,
        bool sorted = true,
        TimeProvider? time = null
    ) : BookPass<PaymentEntry, PaymentBookEntry>(time ?? TimeProvider.System)
    {
        private readonly List<PaymentEntry> _ours = [.. ours.OrderBy(BookKey.Of)];
        private readonly List<PaymentBookEntry> _theirs = sorted ? [.. theirs.OrderBy(BookKey.Of)] : [.. theirs];
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool StandsStill { get; init; }

        public bool Hangs { get; init; }

        public BookKey? Mute { get; init; }

        public int AskedAtOnceMax { get; private set; }

        public Task Asked => _asked.Task;

        protected override BookKey KeyOf(PaymentEntry line) => BookKey.Of(line);

        protected override BookKey KeyOf(PaymentBookEntry line) => BookKey.Of(line);

        protected override DifferenceKind? Compare(PaymentEntry? ours, PaymentBookEntry? theirs) =>
            Differences.Between(ours, theirs);

        protected override Task<IReadOnlyList<PaymentEntry>> OursAsync(
            BookKey? after,
            int limit,
            CancellationToken cancellation
        ) =>
            Task.FromResult<IReadOnlyList<PaymentEntry>>([
                .. _ours.Where(line => after is not { } last || BookKey.Of(line).CompareTo(last) > 0).Take(limit),
            ]);

        protected override async Task<BookPage<PaymentBookEntry>> TheirsAsync(
            string? after,
            int limit,
            CancellationToken cancellation
        )
        {
            _asked.TrySetResult();
            if (Hangs)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            var from = after is null ? 0 : int.Parse(after, System.Globalization.CultureInfo.InvariantCulture);
            var next = from + limit < _theirs.Count ? $"{from + (StandsStill && from > 0 ? 0 : limit)}" : null;
            return new BookPage<PaymentBookEntry>(
                PortAnswer.Done,
                [.. _theirs.Skip(from).Take(limit)],
                StandsStill ? "0" : next
            );
        }

        protected override Task<IReadOnlyDictionary<BookKey, GroupAnswer<PaymentEntry>>> QueryGroupsAsync(
            IReadOnlyList<BookKey> keys,
            CancellationToken cancellation
        )
        {
            AskedAtOnceMax = Math.Max(AskedAtOnceMax, keys.Count);
            var known = _ours.ToDictionary(BookKey.Of);
            return Task.FromResult<IReadOnlyDictionary<BookKey, GroupAnswer<PaymentEntry>>>(
                keys.Where(key => key != Mute)
                    .ToDictionary(key => key, key => new GroupAnswer<PaymentEntry>(known.GetValueOrDefault(key), false))
            );
        }
    }
}
