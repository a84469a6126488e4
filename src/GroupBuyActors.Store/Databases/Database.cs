using System.Data.Common;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// One database. Everything except the committer and the fence uses this class. Work may be run again after a deadlock,
/// a lock wait or a lost connection, so it must be safe to repeat and keep no state between tries.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>Tries of a piece of work before its exception is thrown.</summary>
    protected const int TriesMax = 5;

    public abstract Dialect Dialect { get; }

    /// <summary>Connections for Orleans' providers, each with this service's session settings.</summary>
    public abstract DbDataSource DataSource { get; }

    /// <summary>Runs statements that only read, or that commit one by one where the database allows it.</summary>
    public abstract Task<T> ReadAsync<T>(
        Func<DbSession, CancellationToken, Task<T>> read,
        CancellationToken cancellation
    );

    /// <summary>Runs statements in one short transaction.</summary>
    public abstract Task<T> WriteAsync<T>(
        Func<DbSession, CancellationToken, Task<T>> write,
        CancellationToken cancellation
    );

    /// <summary>
    /// One transaction in at most two round trips: statements that lock and read, then those that
    /// <paramref name="decide"/> returns (none if they are empty), then the commit.
    /// </summary>
    public abstract Task<T> ExchangeAsync<T>(
        SqlText read,
        Func<DbDataReader, CancellationToken, Task<(SqlText Writes, T Result)>> decide,
        CancellationToken cancellation
    );

    /// <summary>Runs statements in one short transaction.</summary>
    public virtual Task WriteAsync(SqlText sql, CancellationToken cancellation) =>
        WriteAsync((session, ct) => session.ExecuteAsync(sql, ct), cancellation);

    /// <summary>Runs statements one after the other, each committing by itself where the database allows it.</summary>
    public virtual Task EachAsync(SqlText statements, CancellationToken cancellation) =>
        ReadAsync((session, ct) => session.ExecuteAsync(statements, ct), cancellation);

    public abstract ValueTask DisposeAsync();
}
