using GroupBuyActors.Store.Tests;

namespace GroupBuyActors.Sandbox.Tests;

public sealed class SqliteOldCallTests(SqliteFiles files) : OldCallTests(files);

public sealed class MySqlOldCallTests(MariaDb server) : OldCallTests(server);

/// <summary>Counted calls leave once their time is over.</summary>
public abstract class OldCallTests(IDatabaseFixture databases)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task CallsThatTheSandboxCountedGoAfterTheirLastTime()
    {
        await using var sandbox = await TestSandbox.NewAsync(databases);
        for (var n = 0; n < 20; n++)
            await InsertAsync(sandbox, n % 3 + 1, $"key-{n / 2}", n % 2 == 0 ? "reserve" : "release", Noon.AddDays(n));
        var removed = 0;
        for (var steps = 0; ; steps++)
        {
            var step = await sandbox.Control.RemoveCallsAsync(Noon.AddDays(12), 3, default);
            Assert.InRange(step.Removed, 0, 3);
            Assert.Equal(steps == 6, step.IsDone);
            removed += step.Removed;
            if (step.IsDone)
                break;
        }

        Assert.Equal(12, removed);
        var database = await sandbox.Database.ReadyAsync();
        var oldest = await database.ReadAsync(
            (session, ct) => session.NumberAsync($"select min(last_ms) from sandbox_call", -1, ct),
            default
        );
        Assert.Equal(Noon.AddDays(12).ToUnixTimeMilliseconds(), oldest);
    }

    private static async Task InsertAsync(
        TestSandbox sandbox,
        int port,
        string key,
        string operation,
        DateTimeOffset last
    ) =>
        await (await sandbox.Database.ReadyAsync()).WriteAsync(
            $"""
            insert into sandbox_call (port, call_key, operation, times, first_ms, last_ms)
              values ({port}, {System.Text.Encoding.UTF8.GetBytes(key)}, {operation}, 1, 0,
                {last.ToUnixTimeMilliseconds()})
            """,
            default
        );
}
