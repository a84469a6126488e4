using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Store.Tests.Databases;

public sealed class ConnectionPoolTests
{
    [Fact]
    public async Task AnOpenThatThrowsAtOnceReleasesItsSlot()
    {
        var opens = 0;
        await using var pool = new ConnectionPool<SqliteConnection>(
            connectionsMax: 1,
            _ => ++opens == 1 ? throw new IOException("No file.") : Task.FromResult(new SqliteConnection())
        );
        await Assert.ThrowsAsync<IOException>(() => pool.UseAsync(_ => Task.FromResult(1), default));
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Assert.Equal(2, await pool.UseAsync(_ => Task.FromResult(2), bound.Token));
    }
}
