using System.Collections.Concurrent;
using System.Data.Common;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// A bounded number of open connections that keep their session settings. A driver's own pool resets the session on
/// each use, which restores the server's default isolation and costs round trips. Any exception discards its
/// connection, because it may have left something open; work that succeeds must leave nothing open.
/// </summary>
internal sealed class ConnectionPool<TConnection>(int connectionsMax, Func<CancellationToken, Task<TConnection>> open)
    : IAsyncDisposable
    where TConnection : DbConnection
{
    private readonly ConcurrentStack<TConnection> _idle = [];
    private readonly SemaphoreSlim _slots = new(connectionsMax, connectionsMax);
    private int _generation;
    private volatile bool _disposed;

    public async Task<T> UseAsync<T>(Func<TConnection, Task<T>> work, CancellationToken cancellation)
    {
        await _slots.WaitAsync(cancellation).ConfigureAwait(false);
        var generation = Volatile.Read(ref _generation);
        var connection = _idle.TryPop(out var kept) ? kept : await OpenAsync(cancellation).ConfigureAwait(false);
        try
        {
            var result = await work(connection).ConfigureAwait(false);
            if (!_disposed && generation == Volatile.Read(ref _generation))
                _idle.Push(connection);
            else
                await connection.DisposeAsync().ConfigureAwait(false);
            return result;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>
    /// Opens a connection, and releases its slot if that fails. A driver that waits for a silent server does not always
    /// obey its token: the caller then returns at once, and the slot is released when the driver has returned, so that
    /// there are never more waiting opens than slots.
    /// </summary>
    private async Task<TConnection> OpenAsync(CancellationToken cancellation)
    {
        Task<TConnection> opening;
        try
        {
            opening = open(cancellation);
        }
        catch
        {
            _slots.Release();
            throw;
        }

        try
        {
            return await opening.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            _ = ReturnAfterAsync(opening);
            throw;
        }
    }

    private async Task ReturnAfterAsync(Task<TConnection> opening)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully)
            await opening.Result.DisposeAsync().ConfigureAwait(false);
        _slots.Release();
    }

    /// <summary>
    /// Closes idle connections now, and those in use when they are returned, because their server is gone.
    /// </summary>
    public async ValueTask ClearAsync()
    {
        Interlocked.Increment(ref _generation);
        while (_idle.TryPop(out var connection))
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await ClearAsync().ConfigureAwait(false);
    }
}
