using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Samples.InventoryView;

/// <summary>
/// The view in a SQLite file: a row per group, with its sequence as the checkpoint, and a row per order. A batch is
/// stored in one transaction that first compares the stored sequences with the checkpoints, so each event takes effect
/// once, whichever process stores it and however often it is delivered.
/// </summary>
internal sealed class InventoryView : IGroupProjection, IDisposable
{
    private readonly string _connection;

    // SQLite has one writer; partitions wait for each other here instead of for the file's lock.
    private readonly SemaphoreSlim _writeLock = new(1);

    /// <summary>Opens the file, or creates it.</summary>
    public InventoryView(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory)
            Directory.CreateDirectory(directory);
        _connection = new SqliteConnectionStringBuilder { DataSource = path }.ToString();
        using var connection = Open();
        Execute(
            connection,
            null,
            """
            pragma journal_mode = wal;
            create table if not exists group_line (
                group_id text primary key, sequence integer not null, state integer not null, reason integer,
                seats_taken integer not null, seats_paid integer not null, reserved integer not null,
                deducted_ever integer not null, given_back integer not null, returned integer not null,
                buyers_notified integer not null) without rowid;
            create table if not exists order_line (
                group_id text not null, number integer not null, quantity integer not null, status integer not null,
                primary key (group_id, number)) without rowid;
            """
        );
    }

    /// <summary>The row of a group, or null.</summary>
    public InventoryLine? Read(GroupId group)
    {
        using var connection = Open();
        return ReadLine(connection, null, group);
    }

    /// <summary>The rows of all groups, in the order of their ids.</summary>
    public IReadOnlyList<InventoryLine> ReadAll()
    {
        using var connection = Open();
        using var command = Command(connection, null, $"{SelectLines} order by group_id");
        using var reader = command.ExecuteReader();
        var lines = new List<InventoryLine>();
        while (reader.Read())
            lines.Add(Line(reader));
        return lines;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<GroupId, long>> LastSequencesAsync(
        IReadOnlyCollection<GroupId> groups,
        CancellationToken cancellation
    )
    {
        using var connection = Open();
        // One transaction, because otherwise each look-up would begin and end its own.
        using var transaction = connection.BeginTransaction(deferred: true);
        var sequences = new Dictionary<GroupId, long>();
        foreach (var group in groups)
            if (ReadLine(connection, transaction, group) is { } line)
                sequences[group] = line.Sequence;
        return ValueTask.FromResult<IReadOnlyDictionary<GroupId, long>>(sequences);
    }

    /// <inheritdoc/>
    public async ValueTask StoreAsync(GroupEventBatch batch, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        await _writeLock.WaitAsync(cancellation);
        try
        {
            using var connection = Open();
            // The write lock is taken at once, so that nobody else writes between the comparison and the write, in this
            // process or another.
            using var transaction = connection.BeginTransaction(deferred: false);
            Store(connection, transaction, batch);
            transaction.Commit();
        }
        finally
        {
            _writeLock.Release();
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        using var connection = new SqliteConnection(_connection);
        SqliteConnection.ClearPool(connection);
        _writeLock.Dispose();
    }

    private static void Store(SqliteConnection connection, SqliteTransaction transaction, GroupEventBatch batch)
    {
        var lines = new Dictionary<GroupId, InventoryLine>();
        var orders = new Dictionary<GroupId, OrdersOf>();
        foreach (var (group, from, _) in batch.Checkpoints)
        {
            var line = ReadLine(connection, transaction, group) ?? new InventoryLine(group);
            if (line.Sequence != from)
                throw new CheckpointMovedException(group, from);
            lines[group] = line;
            orders[group] = new OrdersOf(connection, transaction, group);
        }

        foreach (var happened in batch.Events)
        {
            var known = happened.ReadIfKnown();
            if (known?.Order is { } order)
                orders[happened.Group].Load(order.Number);
            lines[happened.Group] = lines[happened.Group].After(known, happened.Sequence, orders[happened.Group].Lines);
        }

        foreach (var line in lines.Values)
            WriteLine(connection, transaction, line);
        foreach (var group in orders.Values)
            group.Write();
    }

    private const string SelectLines = """
        select group_id, sequence, state, reason, seats_taken, seats_paid, reserved, deducted_ever, given_back,
          returned, buyers_notified from group_line
        """;

    private static InventoryLine? ReadLine(SqliteConnection connection, SqliteTransaction? transaction, GroupId group)
    {
        using var command = Command(
            connection,
            transaction,
            $"{SelectLines} where group_id = @group",
            ("@group", group.Value)
        );
        using var reader = command.ExecuteReader();
        return reader.Read() ? Line(reader) : null;
    }

    private static InventoryLine Line(SqliteDataReader row) =>
        new(GroupId.Parse(row.GetString(0)))
        {
            Sequence = row.GetInt64(1),
            State = (GroupPhase)row.GetInt32(2),
            Reason = row.IsDBNull(3) ? null : (ExpiryReason)row.GetInt32(3),
            SeatsTaken = row.GetInt32(4),
            SeatsPaid = row.GetInt32(5),
            Reserved = row.GetInt32(6),
            DeductedEver = row.GetInt32(7),
            ReleasedUnsold = row.GetInt32(8),
            Returned = row.GetInt32(9),
            BuyersNotified = row.GetInt32(10),
        };

    private static void WriteLine(SqliteConnection connection, SqliteTransaction transaction, InventoryLine line) =>
        Execute(
            connection,
            transaction,
            """
            insert or replace into group_line values
                (@group, @sequence, @state, @reason, @taken, @paid, @reserved, @deducted, @unsold, @returned, @notified)
            """,
            ("@group", line.Group.Value),
            ("@sequence", line.Sequence),
            ("@state", (int)line.State),
            ("@reason", line.Reason is { } reason ? (int)reason : DBNull.Value),
            ("@taken", line.SeatsTaken),
            ("@paid", line.SeatsPaid),
            ("@reserved", line.Reserved),
            ("@deducted", line.DeductedEver),
            ("@unsold", line.ReleasedUnsold),
            ("@returned", line.Returned),
            ("@notified", line.BuyersNotified)
        );

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connection);
        connection.Open();
        return connection;
    }

    private static SqliteCommand Command(
        SqliteConnection connection,
        SqliteTransaction? transaction,
        string sql,
        params (string Name, object Value)[] values
    )
    {
        var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, sql);
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    private static void Execute(
        SqliteConnection connection,
        SqliteTransaction? transaction,
        string sql,
        params (string Name, object Value)[] values
    )
    {
        using var command = Command(connection, transaction, sql, values);
        command.ExecuteNonQuery();
    }

    /// <summary>The orders of one group in a batch: read when first needed, written at its end.</summary>
    private sealed class OrdersOf(SqliteConnection connection, SqliteTransaction transaction, GroupId group)
    {
        public Dictionary<int, OrderLine> Lines { get; } = [];

        public void Load(int number)
        {
            if (Lines.ContainsKey(number))
                return;
            using var command = Command(
                connection,
                transaction,
                "select quantity, status from order_line where group_id = @group and number = @number",
                ("@group", group.Value),
                ("@number", number)
            );
            using var reader = command.ExecuteReader();
            if (reader.Read())
                Lines[number] = new OrderLine(reader.GetInt32(0), (OrderStatus)reader.GetInt32(1));
        }

        public void Write()
        {
            foreach (var (number, order) in Lines)
                Execute(
                    connection,
                    transaction,
                    "insert or replace into order_line values (@group, @number, @quantity, @status)",
                    ("@group", group.Value),
                    ("@number", number),
                    ("@quantity", order.Quantity),
                    ("@status", (int)order.Status)
                );
        }
    }
}
