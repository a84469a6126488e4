using System.Data.Common;
using System.Text;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>
/// The durable books of the sandbox, shared by all silos. Each call is one short transaction that also counts the call.
/// The books fulfil the ports' contracts: a call with a key takes effect once and its answer stays the same, two
/// concurrent calls with the same key are one, and a call that a release undoes never takes effect, whichever comes
/// first.
/// </summary>
/// <remarks>
/// Every transaction locks in one order, the call's own row, then the sku's (or the order's payments). So concurrent
/// calls with the same key wait for each other on the first row, and all others on the second; no other row is changed
/// without these locks.
/// </remarks>
internal sealed partial class SandboxBooks
{
    private const int CountsTogetherMax = 200,
        MovesTogetherMax = 50;
    private static readonly string[] CallKey = ["port", "call_key", "operation"];
    private readonly SandboxDatabase _books;
    private readonly TimeProvider _time;
    private readonly WriteBatcher<CountedCall, bool> _counts;
    private readonly WriteBatcher<StockMove, PortReply> _moves;

    public SandboxBooks(SandboxDatabase books, TimeProvider time)
    {
        (_books, _time) = (books, time);
        _counts = new WriteBatcher<CountedCall, bool>(CountsTogetherMax, WriteAsync);
        _moves = new WriteBatcher<StockMove, PortReply>(
            Math.Min(MovesTogetherMax, books.Dialect.RowsPerInsert),
            MoveAsync
        );
    }

    /// <summary>Accepts a notice.</summary>
    public Task<PortReply> NotifyAsync(string key, CancellationToken cancellation) =>
        CountedAsync(SandboxPort.Notices, key, "notice", cancellation);

    /// <summary>Counts a call that fails before it has any effect.</summary>
    public async Task CountAsync(SandboxPort port, string key, string operation, CancellationToken cancellation)
    {
        // The call is counted even if its caller stops waiting.
        await _counts
            .CallAsync(new CountedCall(port, key, operation, NowMs()))
            .WaitAsync(cancellation)
            .ConfigureAwait(false);
    }

    /// <summary>Reads the injected faults of a port.</summary>
    public async Task<SandboxFault> FaultAsync(SandboxPort port, CancellationToken cancellation)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"select fail_rate, delay_ms, permanent, sku from sandbox_fault where port = {(int)port}",
                        row => new SandboxFault(
                            row.GetDouble(0),
                            TimeSpan.FromMilliseconds(row.GetInt64(1)),
                            row.GetInt32(2) != 0,
                            row.Text(3)
                        ),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return rows.Count == 0 ? SandboxFault.None : rows[0];
    }

    /// <summary>Sets the injected faults of a port; durable when it returns.</summary>
    public async Task SetFaultAsync(SandboxPort port, SandboxFault fault, CancellationToken cancellation)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        await database
            .WriteAsync(
                $"""
                replace into sandbox_fault (port, fail_rate, delay_ms, permanent, sku)
                  values ({(int)port}, {fault.FailRate}, {(long)fault.Delay.TotalMilliseconds},
                  {(fault.Permanent ? 1 : 0)}, {fault.Sku})
                """,
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>Calls of a port, by key, or those with one key.</summary>
    public async Task<Page<SandboxCall>> CallsAsync(
        SandboxPort port,
        string? key,
        string? after,
        int limit,
        CancellationToken cancellation
    )
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        SqlText where = $"port = {(int)port}";
        if (key is not null)
            where.Append($" and call_key = {Bytes(key)}");
        if (PageToken.Read("calls", after, isFreeText: true) is var (_, id))
        {
            var at = id.IndexOf(' ');
            if (at <= 0 || !Ascii.IsValid(id.AsSpan(0, at)))
                throw new FormatException("The page token is not valid for this list.");
            var (operation, last) = (id[..at], Bytes(id[(at + 1)..]));
            where.Append($" and call_key >= {last} and (call_key > {last} or operation > {operation})");
        }

        var rows = await database
            .ReadAsync(
                (session, ct) =>
                    session.ListAsync(
                        $"""
                        select call_key, operation, times, first_ms, last_ms from sandbox_call where {where}
                          order by call_key, operation limit {limit + 1}
                        """,
                        row => new SandboxCall(
                            row.Utf8(0),
                            row.GetString(1),
                            row.GetInt64(2),
                            row.Instant(3),
                            row.Instant(4)
                        ),
                        ct
                    ),
                cancellation
            )
            .ConfigureAwait(false);
        return PageToken.Page(rows, limit, call => PageToken.Write("calls", 0, $"{call.Operation} {call.Key}"));
    }

    private async Task<PortReply> CountedAsync(
        SandboxPort port,
        string key,
        string operation,
        CancellationToken cancellation
    )
    {
        await CountAsync(port, key, operation, cancellation).ConfigureAwait(false);
        return PortReply.Done;
    }

    private async Task<IReadOnlyList<bool>> WriteAsync(IReadOnlyList<CountedCall> calls)
    {
        var database = await _books.ReadyAsync().ConfigureAwait(false);
        foreach (var some in calls.Order().Chunk(_books.Dialect.RowsPerInsert))
            await database.WriteAsync(Count(some), CancellationToken.None).ConfigureAwait(false);
        return new bool[calls.Count];
    }

    private long NowMs() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private SqlText Count(SandboxPort port, string key, string operation) =>
        Count([new CountedCall(port, key, operation, NowMs())]);

    private SqlText Count(IReadOnlyList<CountedCall> calls)
    {
        // Concurrent calls read the clock before they wait for the row, so a later write may have an earlier time.
        var last = _books.Dialect.Proposed("last_ms").Text;
        var again = _books.Dialect.OrElseSet(
            CallKey,
            $"times = sandbox_call.times + 1, last_ms = case when sandbox_call.last_ms > {last} then "
                + $"sandbox_call.last_ms else {last} end"
        );
        var rows = SqlText.Join(
            ", ",
            calls.Select(call =>
                new SqlText().Append(
                    $"({(int)call.Port}, {Bytes(call.Key)}, {call.Operation}, 1, {call.AtMs}, {call.AtMs})"
                )
            )
        );
        return new SqlText().Append(
            $"insert into sandbox_call (port, call_key, operation, times, first_ms, last_ms) values {rows}{again}"
        );
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Reads the rows of the next statement with columns; statements that write have none.</summary>
    private static async Task<List<T>> RowsAsync<T>(
        DbDataReader reader,
        Func<DbDataReader, T> row,
        CancellationToken cancellation
    )
    {
        while (reader.FieldCount == 0 && await reader.NextResultAsync(cancellation).ConfigureAwait(false)) { }

        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            rows.Add(row(reader));
        await reader.NextResultAsync(cancellation).ConfigureAwait(false);
        return rows;
    }
}
