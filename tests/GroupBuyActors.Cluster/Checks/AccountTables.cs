using System.Data.Common;
using System.Text.Json;
using GroupBuyActors.TestActors;
using GroupBuyActors.Testing.Silos;
using Microsoft.Data.Sqlite;
using MySqlConnector;

namespace GroupBuyActors.Cluster.Checks;

/// <summary>What is stored of accounts, read past the silos.</summary>
internal sealed class AccountTables(TestedSystem system)
{
    /// <summary>All their events in sequence, by account.</summary>
    public async Task<ILookup<ActorId, Deposited>> JournalAsync() =>
        (
            await ListAsync(
                "select actor_id, payload from journal where actor_id like 'accounts:%' order by actor_id, sequence",
                row =>
                    (
                        Account: ActorId.Parse(row.GetString(0)),
                        Event: JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(1), AccountJson.Default.Deposited)!
                    )
            )
        ).ToLookup(row => row.Account, row => row.Event);

    /// <summary>The ids of their tasks that are not over.</summary>
    public Task<List<string>> TasksAsync() =>
        ListAsync("select id from timed_task where id like 'accounts:%'", row => row.GetString(0));

    private async Task<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read)
    {
        await using var connection = Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    private DbConnection Connection() =>
        system.Database is { } server
            ? new MySqlConnection($"{server.ConnectionString(system.DatabaseName)};Pooling=false")
            : new SqliteConnection($"Data Source={system.SqliteFile};Pooling=false");
}
