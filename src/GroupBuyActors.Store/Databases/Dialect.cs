namespace GroupBuyActors.Store.Databases;

/// <summary>
/// The differences between the SQL of MySQL and of SQLite. Statements are written once, in the class that runs them,
/// with these parts inserted.
/// </summary>
internal abstract class Dialect
{
    /// <summary>See <see cref="NowMs"/>; sessions are in UTC.</summary>
    internal const string MySqlNowMs = "cast(unix_timestamp(now(3)) * 1000 as signed)";

    /// <summary>See <see cref="NowMs"/>.</summary>
    internal const string SqliteNowMs = "cast((julianday('now') - 2440587.5) * 86400000 as integer)";

    public static Dialect MySql { get; } = new MySqlDialect();

    public static Dialect Sqlite { get; } = new SqliteDialect();

    /// <summary>The folder of the dialect's migrations.</summary>
    public abstract string Folder { get; }

    /// <summary>
    /// Rows in one insert. SQLite searches the list of all parameters for each name, so the time grows with the square
    /// of the rows.
    /// </summary>
    public abstract int RowsPerInsert { get; }

    /// <summary>An <c>insert</c> that does nothing if the row exists.</summary>
    public abstract Raw InsertIgnore { get; }

    /// <summary>
    /// The end of an insert that overwrites a row of the same key only if the new row's <paramref name="guard"/> is
    /// greater.
    /// </summary>
    public abstract Raw OverwriteOlder(IReadOnlyList<string> key, string guard, IReadOnlyList<string> columns);

    /// <summary>The end of an insert that makes these assignments instead if the key exists.</summary>
    public abstract Raw OrElseSet(IReadOnlyList<string> key, string assignments);

    /// <summary>
    /// Deletes rows that match a condition, at most a number of them, in the order of the table's key.
    /// </summary>
    public abstract SqlText DeleteSome(string table, IReadOnlyList<string> key, SqlText condition, int limit);

    /// <summary>
    /// Many selects with the same columns, each with its own order and limit, as one text of few statements. The order
    /// of their rows is not defined.
    /// </summary>
    public abstract SqlText Combine(IEnumerable<SqlText> selects);

    /// <summary>Follows a table's name and forces the planner to read it by this index.</summary>
    public abstract Raw ByIndex(string index);

    /// <summary>A column's new value, in the assignments of an insert whose key exists.</summary>
    public abstract Raw Proposed(string column);

    /// <summary>The <c>from</c> of a select that reads no table but has a condition.</summary>
    public abstract Raw FromDual { get; }

    /// <summary>
    /// Locks the rows that a select reads until the transaction ends; SQLite has only one writer at a time.
    /// </summary>
    public abstract Raw ForUpdate { get; }

    /// <summary>The database's own clock, in milliseconds since 1970.</summary>
    public abstract Raw NowMs { get; }

    /// <summary>A text without control characters, in the form that a key column holds.</summary>
    public abstract string ToKey(string text);

    /// <summary>The text of a value of a key column.</summary>
    public abstract string FromKey(string stored);

    private sealed class MySqlDialect : Dialect
    {
        // MySQL's collations, those of bytes too, compare as if the shorter text had blanks at its end. A trailing
        // blank is therefore stored as another character.
        private const char TrailingBlank = '\u0001';

        public override string ToKey(string text) => text.EndsWith(' ') ? text[..^1] + TrailingBlank : text;

        public override string FromKey(string stored) => stored.EndsWith(TrailingBlank) ? stored[..^1] + ' ' : stored;

        private const int SelectsMax = 256;

        public override string Folder => "MySql";

        public override Raw ByIndex(string index) => new($" force index ({index})");

        public override Raw Proposed(string column) => new($"values({column})");

        // A statement costs the server more than a short range; a long union costs it memory while it plans.
        public override SqlText Combine(IEnumerable<SqlText> selects) =>
            SqlText.Join(
                ";\n",
                selects
                    .Chunk(SelectsMax)
                    .Select(some =>
                        SqlText.Join("\nunion all ", some.Select(select => new SqlText().Append($"({select})")))
                    )
            );

        public override int RowsPerInsert => 400;

        public override Raw InsertIgnore { get; } = new("insert ignore");

        public override Raw FromDual { get; } = new("from dual");

        public override Raw ForUpdate { get; } = new(" for update");

        public override Raw NowMs { get; } = new(MySqlNowMs);

        // Assignments are made from left to right and later ones see earlier ones: the guard goes last.
        public override Raw OverwriteOlder(IReadOnlyList<string> key, string guard, IReadOnlyList<string> columns) =>
            new(
                " on duplicate key update "
                    + string.Join(
                        ", ",
                        columns
                            .Append(guard)
                            .Select(column => $"{column} = if(values({guard}) > {guard}, values({column}), {column})")
                    )
            );

        public override Raw OrElseSet(IReadOnlyList<string> key, string assignments) =>
            new($" on duplicate key update {assignments}");

        public override SqlText DeleteSome(string table, IReadOnlyList<string> key, SqlText condition, int limit) =>
            new SqlText().Append(
                $"""
                delete from {new Raw(table)} where {condition} order by {new Raw(string.Join(", ", key))}
                  limit {limit}
                """
            );
    }

    private sealed class SqliteDialect : Dialect
    {
        public override string ToKey(string text) => text;

        public override string FromKey(string stored) => stored;

        public override string Folder => "Sqlite";

        public override Raw ByIndex(string index) => new($" indexed by {index}");

        public override Raw Proposed(string column) => new($"excluded.{column}");

        public override SqlText Combine(IEnumerable<SqlText> selects) => SqlText.Join(";\n", selects);

        public override int RowsPerInsert => 10;

        public override Raw InsertIgnore { get; } = new("insert or ignore");

        public override Raw FromDual { get; } = new("");

        public override Raw ForUpdate { get; } = new("");

        public override Raw NowMs { get; } = new(SqliteNowMs);

        public override Raw OverwriteOlder(IReadOnlyList<string> key, string guard, IReadOnlyList<string> columns) =>
            new(
                $" on conflict ({string.Join(", ", key)}) do update set "
                    + string.Join(", ", columns.Append(guard).Select(column => $"{column} = excluded.{column}"))
                    + $" where excluded.{guard} > {guard}"
            );

        public override Raw OrElseSet(IReadOnlyList<string> key, string assignments) =>
            new($" on conflict ({string.Join(", ", key)}) do update set {assignments}");

        public override SqlText DeleteSome(string table, IReadOnlyList<string> key, SqlText condition, int limit)
        {
            var columns = new Raw(string.Join(", ", key));
            return new SqlText().Append(
                $"""
                delete from {new Raw(table)} where ({columns}) in (select {columns} from {new Raw(table)}
                  where {condition} order by {columns} limit {limit})
                """
            );
        }
    }
}
