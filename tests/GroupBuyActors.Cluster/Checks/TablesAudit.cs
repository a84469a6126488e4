using System.Text;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing;
using MySqlConnector;

namespace GroupBuyActors.Cluster.Checks;

/// <summary>
/// The same truth read past the silos, from the tables: the journal, the orders' rows, tasks, and the books of the
/// sandbox's inventory and payment provider, in which a refund counts by its effect and not by its tries.
/// </summary>
internal sealed class TablesAudit(
    MariaDbServer server,
    string database,
    Ledger ledger,
    IReadOnlyDictionary<string, GroupStory> stories
)
{
    private const long SandboxStock = 1_000_000;
    private const int Refunded = 2;
    private readonly List<string> _faults = [];

    /// <summary>Checks everything; gives every fault found.</summary>
    public async Task<IReadOnlyList<string>> AuditAsync()
    {
        await CheckJournalAsync();
        await CheckOrdersAsync();
        await CheckTasksAsync();
        await CheckStockAsync();
        foreach (var story in stories.Values)
        foreach (var (id, order) in story.Orders)
            CheckMoney(id, order, ledger.Campaigns[story.GroupId].Plot);
        foreach (var purchase in ledger.Purchases.Values)
            CheckAccepted(purchase);
        await CheckProviderAsync();
        return _faults;
    }

    /// <summary>Tasks that are not over yet, of any group.</summary>
    public async Task<IReadOnlyList<string>> OpenTasksAsync() =>
        await ListAsync(
            "select type, count(*) from timed_task where id like 'groups:%' group by type",
            row => $"{row.GetInt64(1)} of {row.GetString(0)}"
        );

    private async Task CheckJournalAsync()
    {
        var groups = await ListAsync(
            """
            select substr(actor_id, 8), count(*), min(sequence), max(sequence) from journal
              where actor_id like 'groups:%' group by actor_id
            """,
            row => (Group: row.GetString(0), Count: row.GetInt64(1), First: row.GetInt64(2), Last: row.GetInt64(3))
        );
        foreach (var (group, count, first, last) in groups)
        {
            Must(first == 1 && last == count, $"the journal of {group} has {count} events, {first} to {last}");
            Must(
                stories.TryGetValue(group, out var story) && story.Sequence == last,
                $"the journal of {group} ends at {last}, its history at {story?.Sequence}"
            );
        }
        foreach (var lost in stories.Keys.Except(groups.Select(group => group.Group)))
            _faults.Add($"{lost} is not in the journal");
    }

    private async Task CheckOrdersAsync()
    {
        var rows = (
            await ListAsync(
                "select order_id, status from order_status",
                row => (Id: row.GetString(0), Status: row.GetString(1))
            )
        ).ToDictionary(row => row.Id, row => row.Status);
        foreach (var (id, order) in stories.Values.SelectMany(story => story.Orders))
            Must(
                rows.Remove(id, out var status) && status == order.Status,
                $"the row of {id} says {status ?? "nothing"}, its history {order.Status}"
            );
        foreach (var (id, status) in rows)
            _faults.Add($"the row of {id} says {status}, and no history tells of it");
    }

    private async Task CheckTasksAsync()
    {
        foreach (var open in await OpenTasksAsync())
            _faults.Add($"tasks are left: {open}");
        // A notice may be given up: its tries are counted. Nothing else may be.
        foreach (
            var dead in await ListAsync(
                "select task_id, type, error from task_outcome where status in ('dead', 'failed') and type <> 'notify'",
                row => $"{row.GetString(1)} {row.GetString(0)}: {row.GetValue(2)}"
            )
        )
            _faults.Add($"a task was given up: {dead}");
    }

    private async Task CheckStockAsync()
    {
        var (skus, units, reserved, deducted) = (
            await ListAsync(
                """
                select count(*), coalesce(sum(available + reserved + deducted), 0), coalesce(sum(reserved),
                  0), coalesce(sum(deducted), 0) from sandbox_stock
                """,
                row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3))
            )
        )[0];
        Must(units == skus * SandboxStock, $"inventory has {units} units of {skus} skus");
        Must(reserved == 0, $"inventory still holds {reserved} units for somebody");
        Must(
            deducted == stories.Values.Sum(story => story.Deducted),
            $"inventory deducted {deducted} units, the groups {stories.Values.Sum(story => story.Deducted)}"
        );
    }

    /// <summary>
    /// A payment that did not go back is what an order has its voucher for; there is one of them, or none.
    /// </summary>
    private void CheckMoney(string id, OrderStory order, Plot plot)
    {
        var kept = order.Payments.Values.Where(payment => payment.Refunds == 0).ToList();
        var holds =
            order.Status is "VOUCHER_ISSUED" or "REDEEMED" || (order.Status == "LAPSED" && plot == Plot.Forfeits);
        Must(
            kept.Count == (holds ? 1 : 0),
            $"{id} is {order.Status} and keeps {kept.Count} payments: "
                + $"{string.Join(", ", kept.Select(payment => payment.PaymentId))}"
        );
        Must(
            plot is not (Plot.Lapses or Plot.Forfeits) || order.Status != "VOUCHER_ISSUED",
            $"{id} has a voucher whose validity is over, and the scan has run"
        );
    }

    private void CheckAccepted(Purchase purchase)
    {
        if (!stories[purchase.Campaign.Id].Orders.TryGetValue(purchase.OrderId, out var order))
            return;
        foreach (var (paymentId, _) in purchase.Payments)
            Must(
                order.Payments.ContainsKey(paymentId),
                $"{paymentId} was accepted and {purchase.OrderId} knows nothing of it"
            );
        foreach (var paymentId in purchase.Denied)
            Must(!order.Payments.ContainsKey(paymentId), $"{paymentId} was refused and {purchase.OrderId} took it");
        if (purchase.PaidAtProvider is { } found)
            Must(
                order.Payments.ContainsKey(found),
                $"the provider took {found} and {purchase.OrderId} ({order.Status}) knows nothing of it"
            );
    }

    private async Task CheckProviderAsync()
    {
        var told = stories
            .Values.SelectMany(story => story.Payments)
            .ToDictionary(payment => (payment.OrderId, payment.PaymentId));
        var rows = await ListAsync(
            "select order_id, payment_id, amount, state, refund_key from sandbox_payment",
            row =>
                (
                    Order: row.GetString(0),
                    Payment: Text(row, 1),
                    Amount: row.GetInt64(2),
                    IsBack: row.GetInt32(3) == Refunded,
                    RefundKey: row.IsDBNull(4) ? null : Text(row, 4)
                )
        );
        foreach (var row in rows)
        {
            if (!told.Remove((row.Order, row.Payment), out var payment))
            {
                _faults.Add($"the provider holds {row.Payment} of {row.Order}, of which no history tells");
                continue;
            }
            Must(
                payment.Amount == row.Amount,
                $"{row.Payment} of {row.Order} is of {row.Amount} at the provider and of {payment.Amount} in "
                    + "its history"
            );
            Must(
                row.IsBack == payment.Refunds > 0,
                $"{row.Payment} of {row.Order} {(row.IsBack ? "went back" : "is held")} at the provider, and "
                    + $"its history tells of {payment.Refunds} refunds"
            );
            Must(
                !row.IsBack || row.RefundKey == $"refund:{row.Order}:{row.Payment}",
                $"{row.Payment} of {row.Order} went back under {row.RefundKey}"
            );
        }
        foreach (var (key, _) in told.Where(payment => payment.Value.Refunds > 0))
            _faults.Add($"{key.PaymentId} of {key.OrderId} was refunded, and the provider knows nothing of it");
    }

    private void Must(bool holds, string otherwise)
    {
        if (!holds)
            _faults.Add(otherwise);
    }

    private static string Text(MySqlDataReader row, int column) =>
        Encoding.UTF8.GetString((byte[])row.GetValue(column));

    private async Task<List<T>> ListAsync<T>(string sql, Func<MySqlDataReader, T> read)
    {
        await using var connection = new MySqlConnection(server.ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }
}
