using GroupBuyActors.Groups;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Store.Tests;

/// <summary>Rows as commits leave them, written without a committer.</summary>
internal static class Samples
{
    public static DateTimeOffset Noon { get; } = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static GroupView View(
        string id,
        GroupPhase state = GroupPhase.Opening,
        long sequence = 5,
        DateTimeOffset? settlesBy = null,
        DateTimeOffset? vouchersUntil = null
    ) =>
        new()
        {
            GroupId = GroupId.Parse(id),
            State = state,
            Buyers = 1,
            BuyersPaid = 0,
            SeatsTaken = 1,
            SeatsPaid = 0,
            SettlesBy = settlesBy ?? Noon.AddDays(1),
            Sequence = sequence,
            UpdatedAt = Noon,
            VouchersValidUntil = vouchersUntil,
            Terms = new GroupTerms
            {
                Title = "Longjing tea, 茶",
                Sku = "tea",
                UnitPrice = new Money(1999, "CNY"),
                MinGroupSize = 3,
                Capacity = 10,
                PerUserLimit = 1,
                ShelfAt = Noon,
                OpenDelay = TimeSpan.Zero,
                Timeout = TimeSpan.FromHours(24),
                PaymentWindow = TimeSpan.FromMinutes(30),
                VoucherValidity = TimeSpan.FromDays(30),
                RevokeWindow = TimeSpan.FromHours(1),
                LapsePolicy = LapsePolicy.Refund,
                CountBy = CountBy.Joined,
            },
        };

    public static ProjectionChange Change(
        GroupView view,
        DateTimeOffset? published = null,
        StockFigures stock = default,
        params PaymentEntry[] payments
    ) => new(view.GroupId, view.Sequence, new GroupRow(view, stock, published ?? Noon, WithTerms: true), payments);

    public static Task JournalAsync(
        this TestStore store,
        string group,
        long sequence,
        long stream = 1,
        string type = "order.placed"
    ) =>
        store.ExecuteAsync(
            $"""
            insert into journal (stream, position, commit_id, actor_id, sequence, type, version, time_ms,
              payload, trace) values ({stream}, {sequence},
              {Guid.Parse("00112233-4455-6677-8899-aabbccddeeff").ToByteArray(bigEndian: true)},
              {GroupActors.Kind + ":" + group}, {sequence}, {type}, 1,
              {Noon.AddMilliseconds(sequence).ToUnixTimeMilliseconds()}, {"{}"u8.ToArray()},
              {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
            """
        );

    public static Task OrderAsync(
        this TestStore store,
        string order,
        string user,
        OrderStatus status,
        long sequence,
        DateTimeOffset placed
    ) =>
        store.ExecuteAsync(
            $"""
            insert into order_status_log (order_id, sequence, group_id, user_id, status, changed_ms,
              quantity, amount, currency, placed_ms, closes_ms, paid_ms, voucher_tail)
              values ({order}, {sequence}, {OrderId.Parse(order).Group.Value},
              {System.Text.Encoding.UTF8.GetBytes(user)}, {StoredNames.Of(status)},
              {placed.ToUnixTimeMilliseconds()}, 1, 1999, {"CNY"}, {placed.ToUnixTimeMilliseconds()},
              {placed.AddMinutes(30).ToUnixTimeMilliseconds()},
              {(status == OrderStatus.Paid ? placed.AddMinutes(1).ToUnixTimeMilliseconds() : null as long?)},
              {null as string})
            """
        );

    public static Task TaskAsync(
        this TestStore store,
        ShardId shard,
        DateTimeOffset due,
        string id,
        DateTimeOffset? next = null,
        string type = "order-close"
    ) =>
        store.ExecuteAsync(
            $"""
            insert into timed_task (shard, due_ms, id, type, payload, next_ms, attempts, version)
              values ({shard.Index}, {due.ToUnixTimeMilliseconds()}, {id}, {type}, {"{}"u8.ToArray()},
              {(next ?? due).ToUnixTimeMilliseconds()}, 0, 1)
            """
        );

    public static TaskOutcome Ending(
        string taskId,
        DateTimeOffset? ended = null,
        TaskOutcomeStatus status = TaskOutcomeStatus.Dead,
        int version = 1,
        string type = "refund",
        GroupId? group = null,
        long? merchant = null,
        int shard = 7,
        string? error = null
    ) =>
        new()
        {
            TaskId = taskId,
            EndedAt = ended ?? Noon,
            Status = status,
            Type = type,
            Shard = group?.Shard ?? new ShardId(shard),
            Account = group?.MerchantId ?? merchant,
            Actor = group?.Actor,
            Due = Noon.AddMinutes(-5),
            Attempts = 3,
            Version = version,
            Payload = "{}"u8.ToArray(),
            Error = error,
        };

    public static Task EndAsync(this TestStore store, TaskOutcome end) =>
        store.ExecuteAsync(
            $"""
            insert into task_outcome (day, task_id, ended_ms, status, type, shard, account, actor_id, due_ms,
                attempts, version, payload, error)
              values ({end.Key.Day}, {end.TaskId}, {end.EndedAt.ToUnixTimeMilliseconds()},
                {StoredNames<TaskOutcomeStatus>.Of(end.Status)}, {end.Type}, {end.Shard.Index}, {end.Account},
                {end.Actor?.ToString()}, {end.Due.ToUnixTimeMilliseconds()}, {end.Attempts}, {end.Version},
                {end.Payload.ToArray()}, {end.Error})
            """
        );

    /// <summary>
    /// 2,048 a round: one task a shard, each round a minute later than the one before; by the table of shards, which
    /// counts on every database.
    /// </summary>
    public static Task ManyTasksAsync(this TestStore store, int rounds) =>
        store.ExecuteAsync(
            $"""
            insert into timed_task (shard, due_ms, id, type, payload, next_ms, attempts,
              version) select s.shard, {Noon.ToUnixTimeMilliseconds()} + 60000 * r.shard + s.shard,
              s.shard + 2048 * r.shard, {"order-close"}, {"{}"u8.ToArray()},
              {Noon.ToUnixTimeMilliseconds()} + 60000 * r.shard + s.shard, 0, 1 from shard_owner s cross
              join shard_owner r where r.shard < {rounds}
            """
        );

    /// <summary>2,048 a round: dead letters, each a millisecond older than the one before.</summary>
    public static Task ManyEndingsAsync(this TestStore store, int rounds, string type = "refund") =>
        store.ExecuteAsync(
            $"""
            insert into task_outcome (day, task_id, ended_ms, status, type, shard, due_ms, attempts, version,
              payload, error) select {TaskOutcome.DayOf(Noon)}, s.shard + 2048 * r.shard,
              {Noon.ToUnixTimeMilliseconds()} - s.shard - 2048 * r.shard, {"dead"}, {type}, s.shard,
              {Noon.ToUnixTimeMilliseconds()}, 10, 3, {"{}"u8.ToArray()}, {"The provider did not answer."}
              from shard_owner s cross join shard_owner r where r.shard < {rounds}
            """
        );
}
