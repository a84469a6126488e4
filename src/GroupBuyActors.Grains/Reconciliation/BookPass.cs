using GroupBuyActors.Ports;
using GroupBuyActors.Retries;

namespace GroupBuyActors.Reconciliation;

/// <summary>One pass over two books of one order.</summary>
/// <remarks>
/// Problem: neither side stands still, and no moment is common to both. Ours are read from projections that lag, theirs
/// arrive a page at a time; a payment may come, be told and go back between the two looks. Comparing the two lists
/// alone would tell of differences that are none. So a line that differs is only a <em>suspect</em>, and is looked at
/// again:
/// <code>
///   suspect ── our group asked ─► theirs read again ─► our group asked once more
///        the same answer both times, nothing of the line under way, and theirs disagrees with it ─► a difference
///        something of it is not finished (a refund, an answer of inventory, an order that awaits payment) ─► under way
///        else ─► both agree
/// </code>
/// The group is the truth and answers what is committed. As it gave the same answer before and after theirs was read,
/// it had that state at the very moment of the reading, and what disagrees with it does so truly. What would break it:
/// books of a port that lag behind its own answers; its contract says that they do not. Bounded: a page of each side,
/// the suspects of one batch, the lines told.
/// </remarks>
internal abstract class BookPass<TOurs, TTheirs>(TimeProvider time)
    where TOurs : class
    where TTheirs : class
{
    /// <summary>Lines told; all are counted.</summary>
    internal const int ReportedMax = 100;

    private const int SuspectsMax = 200,
        TriesMax = 3;
    private static readonly TimeSpan TryTimeout = TimeSpan.FromSeconds(5);
    private static readonly Backoff Retry = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200));
    private readonly List<Suspect> _suspects = [];
    private readonly List<Difference<TOurs, TTheirs>> _differences = [];
    private readonly Dictionary<DifferenceKind, long> _counts = [];
    private long _underway;
    private long _unsaid;

    /// <summary>Lines in a page of either side.</summary>
    internal int PageSize { get; init; } = 500;

    protected abstract BookKey KeyOf(TOurs line);

    protected abstract BookKey KeyOf(TTheirs line);

    protected abstract DifferenceKind? Compare(TOurs? ours, TTheirs? theirs);

    /// <summary>Our lines after a key, from the store.</summary>
    protected abstract Task<IReadOnlyList<TOurs>> OursAsync(BookKey? after, int limit, CancellationToken cancellation);

    /// <summary>A page of the port's.</summary>
    protected abstract Task<BookPage<TTheirs>> TheirsAsync(string? after, int limit, CancellationToken cancellation);

    /// <summary>What the groups say of these lines now. A line of which nothing can be said now is left out.</summary>
    protected abstract Task<IReadOnlyDictionary<BookKey, GroupAnswer<TOurs>>> QueryGroupsAsync(
        IReadOnlyList<BookKey> keys,
        CancellationToken cancellation
    );

    /// <summary>Several lines of the port under one key as one.</summary>
    protected virtual TTheirs Join(TTheirs one, TTheirs other) =>
        throw new BooksUnusableException($"The entry {KeyOf(one)} occurs twice.");

    public async Task<PortComparison<TOurs, TTheirs>> RunAsync(TimeSpan bound, CancellationToken cancellation)
    {
        using var ending = new CancellationTokenSource(bound, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ending.Token, cancellation);
        try
        {
            await MergeAsync(both.Token);
            await LookAgainAsync(both.Token);
            return Result(answered: true, reason: null, complete: _unsaid == 0);
        }
        catch (BooksUnusableException e)
        {
            return Result(answered: false, e.Message, complete: false);
        }
        catch (OperationCanceledException)
            when (ending.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return Result(
                answered: true,
                $"The comparison was not complete within {bound.TotalSeconds:0.###} s.",
                complete: false
            );
        }
    }

    private PortComparison<TOurs, TTheirs> Result(bool answered, string? reason, bool complete) =>
        new(
            answered,
            reason ?? (_unsaid > 0 ? $"The groups of {_unsaid} entries could not be queried." : null),
            _differences,
            _counts,
            _underway,
            complete
        );

    private async Task MergeAsync(CancellationToken cancellation)
    {
        await using var ours = OurLinesAsync(cancellation).GetAsyncEnumerator(cancellation);
        await using var theirs = TheirLinesAsync(null, cancellation).GetAsyncEnumerator(cancellation);
        var (here, there) = (await ours.MoveNextAsync(), await theirs.MoveNextAsync());
        string? mark = null;
        while (here || there)
        {
            if (there)
                mark = theirs.Current.Mark;
            var side =
                !there ? -1
                : !here ? 1
                : KeyOf(ours.Current).CompareTo(KeyOf(theirs.Current.Line));
            var (mine, its) = (side <= 0 ? ours.Current : null, side >= 0 ? theirs.Current.Line : null);
            if (Compare(mine, its) is not null)
                await SuspectAsync(new Suspect(mine is null ? KeyOf(its!) : KeyOf(mine), mark), cancellation);
            if (side <= 0)
                here = await ours.MoveNextAsync();
            if (side >= 0)
                there = await theirs.MoveNextAsync();
        }
    }

    private async Task SuspectAsync(Suspect suspect, CancellationToken cancellation)
    {
        _suspects.Add(suspect);
        if (_suspects.Count >= SuspectsMax)
            await LookAgainAsync(cancellation);
    }

    private async Task LookAgainAsync(CancellationToken cancellation)
    {
        if (_suspects.Count == 0)
            return;
        var keys = _suspects.ConvertAll(suspect => suspect.Key);
        var before = await QueryGroupsAsync(keys, cancellation);
        var theirs = await ReadAgainAsync(cancellation);
        var left = keys.FindAll(key =>
            !before.TryGetValue(key, out var answer) || Compare(answer.Line, theirs.GetValueOrDefault(key)) is not null
        );
        var after = left.Count == 0 ? before : await QueryGroupsAsync(left, cancellation);
        _suspects.Clear();
        foreach (var key in left)
        {
            if (!before.TryGetValue(key, out var first) || !after.TryGetValue(key, out var second))
                _unsaid++;
            else if (first.IsUnderway || second.IsUnderway || !Equals(first.Line, second.Line))
                _underway++;
            else
                Report(key, first.Line, theirs.GetValueOrDefault(key));
        }
    }

    private void Report(BookKey key, TOurs? ours, TTheirs? theirs)
    {
        var kind = Compare(ours, theirs)!.Value;
        _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        if (_differences.Count < ReportedMax)
            _differences.Add(new Difference<TOurs, TTheirs>(key, ours, theirs, kind));
    }

    /// <summary>The port's lines of the suspects, read again from the page in which each is or would be.</summary>
    private async Task<Dictionary<BookKey, TTheirs>> ReadAgainAsync(CancellationToken cancellation)
    {
        var found = new Dictionary<BookKey, TTheirs>();
        foreach (var page in _suspects.GroupBy(suspect => suspect.Mark))
        {
            var wanted = page.Select(suspect => suspect.Key).ToHashSet();
            var last = page.Last().Key;
            await foreach (var (line, _) in TheirLinesAsync(page.Key, cancellation))
            {
                var key = KeyOf(line);
                if (key.CompareTo(last) > 0)
                    break;
                if (wanted.Contains(key))
                    found[key] = line;
            }
        }

        return found;
    }

    private async IAsyncEnumerable<TOurs> OurLinesAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        for (BookKey? after = null; ; )
        {
            var page = await OursAsync(after, PageSize, cancellation).WaitAsync(cancellation);
            foreach (var line in page)
                yield return line;
            if (page.Count < PageSize)
                yield break;
            after = KeyOf(page[^1]);
        }
    }

    /// <summary>The port's lines with the mark of the page that each began in, one a key.</summary>
    private async IAsyncEnumerable<(TTheirs Line, string? Mark)> TheirLinesAsync(
        string? after,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        (TTheirs Line, string? Mark)? waiting = null;
        while (true)
        {
            var page = await ReadPageAsync(after, cancellation);
            foreach (var line in page.Items)
            {
                if (waiting is not { } one)
                {
                    waiting = (line, after);
                    continue;
                }

                var order = KeyOf(one.Line).CompareTo(KeyOf(line));
                if (order > 0)
                    throw new BooksUnusableException(
                        $"The service's books are not sorted: {KeyOf(line)} comes after {KeyOf(one.Line)}."
                    );
                if (order == 0)
                {
                    waiting = (Join(one.Line, line), one.Mark);
                    continue;
                }

                yield return one;
                waiting = (line, after);
            }

            if (page.Next is null)
                break;
            if (page.Next == after)
                throw new BooksUnusableException("The service's books name the current page as the next page.");
            after = page.Next;
        }

        if (waiting is { } last)
            yield return last;
    }

    private async Task<BookPage<TTheirs>> ReadPageAsync(string? after, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            cancellation.ThrowIfCancellationRequested();
            var page = await TryReadAsync(after, cancellation);
            if (page.Answer == PortAnswer.Done)
                return page;
            if (page.Answer == PortAnswer.Refused || tries == TriesMax)
                throw new BooksUnusableException(page.Detail ?? "The service does not answer.");
            await Task.Delay(Retry.After(tries), time, cancellation);
        }
    }

    /// <summary>A port that throws or hangs counts as unavailable, whatever its adapter does.</summary>
    private async Task<BookPage<TTheirs>> TryReadAsync(string? after, CancellationToken cancellation)
    {
        using var enough = new CancellationTokenSource(TryTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellation);
        try
        {
            return await TheirsAsync(after, PageSize, both.Token).WaitAsync(both.Token);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return new BookPage<TTheirs>(
                PortAnswer.Unavailable,
                [],
                null,
                enough.IsCancellationRequested
                    ? $"The service did not answer within {TryTimeout.TotalSeconds:0.###} s."
                    : e.Message
            );
        }
    }

    /// <summary>
    /// A line that differed at the first look, and the mark of the port's page that it is or would be in.
    /// </summary>
    private sealed record Suspect(BookKey Key, string? Mark);
}

/// <summary>A group's own record of a line, and whether anything about it is in progress.</summary>
internal readonly record struct GroupAnswer<TOurs>(TOurs? Line, bool IsUnderway)
    where TOurs : class;

/// <summary>The port does not answer, or its books violate its contract.</summary>
internal sealed class BooksUnusableException(string message) : Exception(message);
