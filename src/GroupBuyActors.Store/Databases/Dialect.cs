namespace GroupBuyActors.Store.Databases;

/// <summary>
/// Where MySQL and SQLite differ in words. Statements are written once, beside the class that runs them, with these in
/// the gaps.
/// </summary>
internal abstract class Dialect
{
    /// <summary>See <see cref="NowMs"/>; sessions are in UTC.</summary>
    internal const string MySqlNowMs = "cast(unix_timestamp(now(3)) * 1000 as signed)";

    /// <summary>See <see cref="NowMs"/>.</summary>
    internal const string SqliteNowMs = "cast((julianday('now') - 2440587.5) * 86400000 as integer)";

    public static Dialect MySql { get; } = new MySqlDialect();

    public static Dialect Sqlite { get; } = new SqliteDialect();

    /// <summary>The folder of its migrations.</summary>
    public abstract string Folder { get; }

    /// <summary>
    /// Rows in one insert. SQLite finds each parameter's name by walking the list of all: many rows cost the square.
    /// </summary>
    public abstract int RowsPerInsert { get; }

    /// <summary><c>insert</c> that leaves a row alone that is there.</summary>
    public abstract Raw InsertIgnore { get; }

    /// <summary>
    /// The tail of an insert that overwrites a row of the same key only where the new row's <paramref name="guard"/> is
    /// greater.
    /// </summary>
    public abstract Raw OverwriteOlder(IReadOnlyList<string> key, string guard, IReadOnlyList<string> columns);

    /// <summary>The tail of an insert that, where the key is there, makes these assignments instead.</summary>
    public abstract Raw OrElseSet(IReadOnlyList<string> key, string assignments);

    /// <summary>
    /// Deletes rows that match a condition, at most a number of them, in the order of the table's key.
    /// </summary>
    public abstract SqlText DeleteSome(string table, IReadOnlyList<string> key, SqlText condition, int limit);

    /// <summary>
    /// Many selects of one shape, each with its own order and limit, as one text of few statements. In which order
    /// their rows come is not said.
    /// </summary>
    public abstract SqlText Together(IEnumerable<SqlText> selects);

    /// <summary>Behind a table's name: reads it along this index, whatever the planner thinks.</summary>
    public abstract Raw ByIndex(string index);

    /// <summary>In what follows an insert that met a row of the same key: a column as it was to be inserted.</summary>
    public abstract Raw Proposed(string column);

    /// <summary>The table of a select that needs none but has a condition.</summary>
    public abstract Raw FromNothing { get; }

    /// <summary>
    /// Locks the rows that a select reads until the transaction ends; SQLite's writers are alone anyway.
    /// </summary>
    public abstract Raw ForUpdate { get; }

    /// <summary>The database's own clock, in milliseconds since 1970.</summary>
    public abstract Raw NowMs { get; }

    /// <summary>A text without control characters as it stands in a column that rows are told apart by.</summary>
    public abstract string Key(string text);

    /// <summary>The text that stands in such a column.</summary>
    public abstract string OfKey(string stored);

    private sealed class MySqlDialect : Dialect
    {
        // Its collations, those of bytes too, compare as if the shorter text had blanks at its end: a last blank is
        // stored as another character.
        private const char LastBlank = '\u0001';

        public override string Key(string text) => text.EndsWith(' ') ? text[..^1] + LastBlank : text;

        public override string OfKey(string stored) => stored.EndsWith(LastBlank) ? stored[..^1] + ' ' : stored;

        private const int SelectsMax = 256;

        public override string Folder => "MySql";

        public override Raw ByIndex(string index) => new($" force index ({index})");

        public override Raw Proposed(string column) => new($"values({column})");

        // A statement costs the server more than a short range does; a long union costs it memory while it plans.
        public override SqlText Together(IEnumerable<SqlText> selects) =>
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

        public override Raw FromNothing { get; } = new("from dual");

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
        public override string Key(string text) => text;

        public override string OfKey(string stored) => stored;

        public override string Folder => "Sqlite";

        public override Raw ByIndex(string index) => new($" indexed by {index}");

        public override Raw Proposed(string column) => new($"excluded.{column}");

        public override SqlText Together(IEnumerable<SqlText> selects) => SqlText.Join(";\n", selects);

        public override int RowsPerInsert => 10;

        public override Raw InsertIgnore { get; } = new("insert or ignore");

        public override Raw FromNothing { get; } = new("");

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
