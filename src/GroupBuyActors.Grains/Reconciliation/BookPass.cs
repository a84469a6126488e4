using GroupBuyActors.Ports;
using GroupBuyActors.Retries;

namespace GroupBuyActors.Reconciliation;

/// <summary>One pass over two books with the same order.</summary>
/// <remarks>
/// Problem: both books change, and they are not read at the same moment. Ours are read from projections that lag,
/// theirs arrive a page at a time; a payment may be made, reported and refunded between the two readings. Comparing the
/// two lists alone would report differences that do not exist. A line that differs is therefore only a <em>suspect</em>
/// and is checked again:
/// <code>
///   suspect ── ask our group ─► read theirs again ─► ask our group once more
///        the same answer both times, nothing of the line in progress, and theirs differs from it ─► a difference
/// something of it is in progress (a refund, an answer of inventory, an order that awaits payment) ─► in progress
///         else ─► both agree
/// </code>
/// The group is authoritative and answers with what is committed. If it gives the same answer before and after theirs
/// is read, it had that state while theirs was read, so a difference is real. This would be wrong only if a port's
/// books lagged behind its own answers; its contract excludes that. Memory is bounded: a page of each side, the
/// suspects of one batch, the reported lines.
/// </remarks>
internal abstract class BookPass<TOurs, TTheirs>(TimeProvider time)
    where TOurs : class
    where TTheirs : class
{
    /// <summary>How many lines are reported; all are counted.</summary>
    internal const int ReportedMax = 100;

    private const int SuspectsMax = 200,
        TriesMax = 3;
    private static readonly TimeSpan TryTimeout = TimeSpan.FromSeconds(5);
    private static readonly Backoff Retry = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200));
    private readonly List<Suspect> _suspects = [];
    private readonly List<Difference<TOurs, TTheirs>> _differences = [];
    private readonly Dictionary<DifferenceKind, long> _counts = [];
    private long _underway;
    private long _notQueried;

    /// <summary>The number of lines in a page of either side.</summary>
    internal int PageSize { get; init; } = 500;

    protected abstract BookKey KeyOf(TOurs line);

    protected abstract BookKey KeyOf(TTheirs line);

    protected abstract DifferenceKind? Compare(TOurs? ours, TTheirs? theirs);

    /// <summary>Reads our lines after a key from the store.</summary>
    protected abstract Task<IReadOnlyList<TOurs>> OursAsync(BookKey? after, int limit, CancellationToken cancellation);

    /// <summary>Reads a page of the port's lines.</summary>
    protected abstract Task<BookPage<TTheirs>> TheirsAsync(string? after, int limit, CancellationToken cancellation);

    /// <summary>Asks the groups for these lines. Lines whose group does not answer are left out.</summary>
    protected abstract Task<IReadOnlyDictionary<BookKey, GroupAnswer<TOurs>>> QueryGroupsAsync(
        IReadOnlyList<BookKey> keys,
        CancellationToken cancellation
    );

    /// <summary>Combines several lines of the port with one key.</summary>
    protected virtual TTheirs Join(TTheirs one, TTheirs other) =>
        throw new BooksUnusableException($"The entry {KeyOf(one)} occurs twice.");

    public async Task<PortComparison<TOurs, TTheirs>> RunAsync(TimeSpan bound, CancellationToken cancellation)
    {
        using var ending = new CancellationTokenSource(bound, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ending.Token, cancellation);
        try
        {
            await MergeAsync(both.Token);
            await CheckSuspectsAsync(both.Token);
            return Result(answered: true, reason: null, complete: _notQueried == 0);
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
            reason ?? (_notQueried > 0 ? $"The groups of {_notQueried} entries could not be queried." : null),
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
        string? token = null;
        while (here || there)
        {
            if (there)
                token = theirs.Current.PageToken;
            var side =
                !there ? -1
                : !here ? 1
                : KeyOf(ours.Current).CompareTo(KeyOf(theirs.Current.Line));
            var (mine, other) = (side <= 0 ? ours.Current : null, side >= 0 ? theirs.Current.Line : null);
            if (Compare(mine, other) is not null)
                await SuspectAsync(new Suspect(mine is null ? KeyOf(other!) : KeyOf(mine), token), cancellation);
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
            await CheckSuspectsAsync(cancellation);
    }

    private async Task CheckSuspectsAsync(CancellationToken cancellation)
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
                _notQueried++;
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

    /// <summary>Reads the port's lines of the suspects again, from the page in which each is or would be.</summary>
    private async Task<Dictionary<BookKey, TTheirs>> ReadAgainAsync(CancellationToken cancellation)
    {
        var found = new Dictionary<BookKey, TTheirs>();
        foreach (var page in _suspects.GroupBy(suspect => suspect.PageToken))
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

    /// <summary>Reads the port's lines, one for each key, with the token of the page in which each began.</summary>
    private async IAsyncEnumerable<(TTheirs Line, string? PageToken)> TheirLinesAsync(
        string? after,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        (TTheirs Line, string? PageToken)? waiting = null;
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
                    waiting = (Join(one.Line, line), one.PageToken);
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

    /// <summary>A port that throws or does not answer is unavailable, whatever its adapter does.</summary>
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
    /// A line that differed at first, and the token of the port's page that it is or would be in.
    /// </summary>
    private sealed record Suspect(BookKey Key, string? PageToken);
}

/// <summary>A group's own record of a line, and whether anything about it is in progress.</summary>
internal readonly record struct GroupAnswer<TOurs>(TOurs? Line, bool IsUnderway)
    where TOurs : class;

/// <summary>The port does not answer, or its books violate its contract.</summary>
internal sealed class BooksUnusableException(string message) : Exception(message);
