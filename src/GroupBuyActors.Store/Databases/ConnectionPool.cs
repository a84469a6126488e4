using System.Collections.Concurrent;
using System.Data.Common;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// A bounded number of open connections whose settings stay: a driver's own pool resets a session on each use, which
/// puts isolation back to the server's default and costs round trips. Any exception discards its connection, for nobody
/// can say what it left open; work that succeeds leaves nothing behind.
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
    /// Opens one, and gives the place back where that fails. A driver that waits for a server which says nothing does
    /// not always heed its token: the caller goes then, and the place follows when the driver is done, so that no more
    /// than the places are ever waited for.
    /// </summary>
    private async Task<TConnection> OpenAsync(CancellationToken cancellation)
    {
        var opening = open(cancellation);
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
    /// Drops connections that wait, and each in use once it is done: the server they lead to is gone.
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
