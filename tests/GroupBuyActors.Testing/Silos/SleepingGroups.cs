using System.Globalization;
using System.Net.Http.Json;
using MySqlConnector;

namespace GroupBuyActors.Testing.Silos;

/// <summary>
/// Groups that sleep: published with a deadline weeks ahead, in no silo's memory. One group of each region is published
/// over HTTP; all others are copies of its rows, made by the database itself, so that they have the form that the
/// engine gives them: events, lists, task of the deadline, reminder.
/// </summary>
public sealed class SleepingGroups(MariaDbServer server, string database)
{
    private const int RowsPerCopy = 10_000;

    // Six digits each, so that copies are written in the order of their ids.
    private const int FirstMerchant = 100_000;
    private const int Merchants = 800_000;
    private const string Own = "x";

    // The copies lie in a stream that was relayed long ago.
    private const long Stream = 1;
    private const int Drained = 3;

    private static readonly string[] Regions =
    [
        "SH-PUDONG",
        "BJ-HAIDIAN",
        "GZ-TIANHE",
        "CD-JINJIANG",
        "SZ-NANSHAN",
        "HZ-XIHU",
        "NJ-GULOU",
        "WH-WUCHANG",
    ];

    /// <summary>What the tables with a group's rows put in place of the template's values.</summary>
    private static readonly (string Table, string Where, (string Column, string Expression)[] Changes)[] Tables =
    [
        (
            "journal",
            "t.actor_id = concat('groups:', @template)",
            [
                ("stream", "@stream"),
                ("position", "n.n * 8 + t.sequence"),
                ("commit_id", "unhex(md5(concat(n.n, ':', t.sequence)))"),
                ("actor_id", "concat('groups:', {id})"),
            ]
        ),
        ("group_terms", "t.group_id = @template", [("group_id", "{id}")]),
        (
            "group_view",
            "t.group_id = @template",
            [("group_id", "{id}"), ("merchant_id", "{merchant}"), ("shard", "{shard}")]
        ),
        (
            "timed_task",
            "t.id like concat('groups:', @template, ':%')",
            [("id", "replace(t.id, @template, {id})"), ("shard", "{shard}")]
        ),
        (
            "OrleansRemindersTable",
            "t.GrainId like concat('%', @template)",
            [
                ("GrainId", "replace(t.GrainId, @template, {id})"),
                ("GrainHash", "cast(crc32({id}) as signed) - 2147483648"),
            ]
        ),
    ];

    /// <summary>The id of one of the copies, from 0.</summary>
    public static string IdOf(int number)
    {
        var (n, region) = Math.DivRem(number, Regions.Length);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{FirstMerchant + n % Merchants}.{Regions[region]}.{Own}{n}"
        );
    }

    /// <summary>
    /// Publishes the groups that are copied, and waits until their lists and reminders are written. The silo is to be
    /// stopped before <see cref="CopyAsync"/>.
    /// </summary>
    public async Task PublishAsync(Uri silo)
    {
        using var http = new HttpClient { BaseAddress = silo };
        foreach (var region in Regions)
        {
            using var answer = await http.PutAsJsonAsync(
                $"/v1/groups/{TemplateOf(region)}",
                new
                {
                    title = "Longjing tea, 250 g",
                    sku = "tea-sleeping",
                    unitPrice = new { amount = 6_800, currency = "CNY" },
                    minGroupSize = 10,
                    timeout = "P25D",
                }
            );
            if (!answer.IsSuccessStatusCode)
                throw new InvalidOperationException(
                    $"A group was not published: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}"
                );
        }
        var started = TimeProvider.System.GetTimestamp();
        while (
            await CountAsync("group_view") < Regions.Length
            || await CountAsync("OrleansRemindersTable") < Regions.Length
        )
        {
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(60))
                throw new TimeoutException("The lists or reminders of published groups were not written.");
            await Task.Delay(50);
        }
    }

    /// <summary>Makes the copies; no silo may run.</summary>
    /// <param name="count">How many, a multiple of the number of regions where it is to be exact.</param>
    /// <param name="progress">Told how many are there, after each part.</param>
    public async Task CopyAsync(int count, Action<int>? progress = null)
    {
        await using var connection = new MySqlConnection(
            server.ConnectionString(database) + ";Pooling=false;AllowUserVariables=true;Default Command Timeout=600"
        );
        await connection.OpenAsync();
        await ExecuteAsync(connection, "set session unique_checks = 0, session foreign_key_checks = 0");
        if (!server.IsExternal)
            await ExecuteAsync(connection, "set session sql_log_bin = 0");
        var copies = new List<string>();
        foreach (var (table, where, changes) in Tables)
            copies.Add(await CopyOfAsync(connection, table, where, changes));
        var perRegion = count / Regions.Length;
        for (var region = 0; region < Regions.Length; region++)
        {
            await ExecuteAsync(
                connection,
                $"""
                set @template = '{TemplateOf(Regions[region])}', @region = '{Regions[region]}', @stream = {Stream
                    + region};
                set @region_slot = (select shard % 16 from group_view where group_id = @template);
                insert into stream (id, silo_address, silo_slot, state) values (@stream, 'gone', 'gone', {Drained})
                """
            );
            for (var from = 0; from < perRegion; from += RowsPerCopy)
            {
                var rows = Math.Min(RowsPerCopy, perRegion - from);
                foreach (var copy in copies)
                    await ExecuteAsync(connection, $"set @from = {from}, @rows = {rows}; {copy}");
                progress?.Invoke(region * perRegion + from + rows);
            }
        }
    }

    private static string TemplateOf(string region) => $"99999.{region}.template";

    private async Task<long> CountAsync(string table) =>
        Convert.ToInt64(
            await server.ScalarAsync(database, $"select count(*) from {table}"),
            CultureInfo.InvariantCulture
        );

    /// <summary>
    /// The statement that copies a table's rows of the template. Columns that are not named are copied as they are.
    /// </summary>
    private async Task<string> CopyOfAsync(
        MySqlConnection connection,
        string table,
        string where,
        (string Column, string Expression)[] changes
    )
    {
        await using var command = new MySqlCommand(
            """
            select column_name from information_schema.columns
              where table_schema = @schema and table_name = @table and extra not like '%GENERATED%'
              order by ordinal_position
            """,
            connection
        );
        command.Parameters.AddWithValue("@schema", database);
        command.Parameters.AddWithValue("@table", table);
        var columns = new List<string>();
        await using (var rows = await command.ExecuteReaderAsync())
            while (await rows.ReadAsync())
                columns.Add(rows.GetString(0));
        var values = columns.Select(column =>
            changes.FirstOrDefault(change => change.Column == column).Expression is { } expression
                ? Fill(expression)
                : $"t.`{column}`"
        );
        return $"insert into {table} (`{string.Join("`, `", columns)}`) select {string.Join(", ", values)} "
            + $"from {table} t cross join ({Numbers}) n where {where} and n.n < @from + @rows";
    }

    private static string Fill(string expression)
    {
        var merchant = $"({FirstMerchant} + n.n % {Merchants})";
        return expression
            .Replace("{id}", $"concat({merchant}, '.', @region, '.{Own}', n.n)", StringComparison.Ordinal)
            .Replace("{merchant}", merchant, StringComparison.Ordinal)
            .Replace("{shard}", $"({merchant} % 128 * 16 + @region_slot)", StringComparison.Ordinal);
    }

    private static string Numbers
    {
        get
        {
            var digit = string.Join(
                " union all ",
                Enumerable.Range(0, 10).Select(n => $"select {n}{(n == 0 ? " as d" : "")}")
            );
            return $"select @from + a.d + 10 * b.d + 100 * c.d + 1000 * e.d as n from ({digit}) a, ({digit}) b, "
                + $"({digit}) c, ({digit}) e";
        }
    }

    private static async Task ExecuteAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
