using System.Globalization;
using System.Text.Json;

namespace GroupBuyActors.Cluster.Checks;

/// <summary>
/// A group's history read again by rules written down a second time, from the specification and not from the engine:
/// whatever the engine believes, its events must tell a story that can be true. Faults are collected, not thrown.
/// </summary>
internal sealed class GroupStory(string groupId, int capacity, int perUserLimit)
{
    private static readonly HashSet<string> HoldingSeats =
    [
        "PENDING_PAYMENT",
        "PAID",
        "VOUCHER_ISSUED",
        "REDEEMED",
        "LAPSED",
    ];
    private readonly Dictionary<string, int> _told = [];
    private int _deducted;
    private int _released;
    private int _reserved;
    private DateTimeOffset _time;

    public string GroupId { get; } = groupId;
    public List<string> Faults { get; } = [];

    /// <summary>Every event as the history gives it.</summary>
    public List<JsonElement> Items { get; } = [];

    /// <summary>Every event, a line each, for a person to read after a failure.</summary>
    public IEnumerable<string> Lines =>
        Items.Select(item =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{item.GetProperty("sequence").GetInt64(), 5} "
                    + $"{item.GetProperty("time").GetDateTimeOffset():HH:mm:ss.fff} "
                    + $"{item.GetProperty("type").GetString()} {item.GetProperty("data").GetRawText()}"
            )
        );
    public long Sequence { get; private set; }
    public string State { get; private set; } = "NONE";
    public Dictionary<string, OrderStory> Orders { get; } = [];
    public int SeatsTaken { get; private set; }

    /// <summary>Units neither deducted nor given back.</summary>
    public int Outstanding => _reserved - _deducted - _released;
    public int Reserved => _reserved;
    public int Deducted => _deducted;
    public int Released => _released;

    public IEnumerable<PaymentStory> Payments => Orders.Values.SelectMany(order => order.Payments.Values);

    /// <summary>Reads the next item of <c>GET /v1/groups/{groupId}/history</c>.</summary>
    public void Read(JsonElement item)
    {
        Items.Add(item);
        var sequence = item.GetProperty("sequence").GetInt64();
        if (sequence != Sequence + 1)
            Fault($"{Sequence} is followed by {sequence}");
        Sequence = sequence;
        var time = item.GetProperty("time").GetDateTimeOffset();
        if (time < _time)
            Fault($"time runs back at {sequence}");
        _time = time;
        var type = item.GetProperty("type").GetString()!;
        _told[type] = _told.GetValueOrDefault(type) + 1;
        var data = item.GetProperty("data");
        if (
            type.StartsWith("order.", StringComparison.Ordinal)
            || type.StartsWith("payment.", StringComparison.Ordinal)
            || type.StartsWith("voucher.", StringComparison.Ordinal)
        )
            ReadOrder(type, data);
        else
            ReadGroup(type, data);
    }

    private void ReadGroup(string type, JsonElement data)
    {
        switch (type)
        {
            case "group.publishing" or "group.publication-abandoned":
                break;
            case "stock.reserved":
                _reserved = Units(data);
                break;
            case "group.shelved":
                Move(type, "ON_SHELF", "NONE");
                break;
            case "group.opened":
                Move(type, "OPENING", "ON_SHELF");
                break;
            case "group.succeeded":
                Move(type, "SUCCESS", "OPENING");
                break;
            case "group.joining-ended":
                Once(type);
                break;
            case "group.fulfilled":
                Move(type, "FULFILLED", "SUCCESS");
                break;
            case "group.expired":
                Move(type, "EXPIRED", "ON_SHELF", "OPENING", "SUCCESS", "FULFILLED");
                break;
            case "stock.deducted":
                _deducted += Units(data);
                break;
            case "stock.released":
                var returned = data.GetProperty("returned").GetInt32();
                _deducted -= returned;
                _released += Units(data) + returned;
                break;
            case "buyers.notified":
                break;
            default:
                Fault($"unknown event {type}");
                break;
        }
        if (Outstanding < 0 || _deducted < 0)
            Fault($"more stock was moved than was there, at {Sequence}");
    }

    private void ReadOrder(string type, JsonElement data)
    {
        var id = data.GetProperty("orderId").GetString()!;
        if (type == "order.placed")
        {
            if (
                !Orders.TryAdd(
                    id,
                    new OrderStory(data.GetProperty("userId").GetString()!, data.GetProperty("quantity").GetInt32())
                )
            )
                Fault($"{id} placed twice");
            if (State is not ("ON_SHELF" or "OPENING" or "SUCCESS"))
                Fault($"{id} placed in {State}");
            CountSeats();
            return;
        }
        if (!Orders.TryGetValue(id, out var order))
        {
            Fault($"{type} of {id}, which was never placed");
            return;
        }
        switch (type)
        {
            case "order.paid":
                Move(order, id, "PAID", "PENDING_PAYMENT");
                Take(order, id, data);
                break;
            case "order.closed":
                Move(order, id, "CLOSED", "PENDING_PAYMENT");
                break;
            case "order.refund-requested":
                if (order.Status == "CLOSED")
                    Take(order, id, data);
                Move(order, id, "REFUNDING", "PAID", "VOUCHER_ISSUED", "LAPSED", "CLOSED");
                break;
            case "order.refunded":
                Move(order, id, "REFUNDED", "REFUNDING");
                GiveBack(order, id, data);
                break;
            case "payment.excess":
                Take(order, id, data);
                break;
            case "payment.refunded":
                GiveBack(order, id, data);
                break;
            case "voucher.issued":
                Move(order, id, "VOUCHER_ISSUED", "PAID");
                break;
            case "voucher.redeemed":
                Move(order, id, "REDEEMED", "VOUCHER_ISSUED");
                break;
            case "voucher.redemption-revoked":
                Move(order, id, "VOUCHER_ISSUED", "REDEEMED");
                break;
            case "voucher.lapsed":
                Move(order, id, "LAPSED", "VOUCHER_ISSUED");
                break;
            default:
                Fault($"unknown event {type}");
                break;
        }
        CountSeats();
    }

    private void CountSeats()
    {
        SeatsTaken = Orders.Values.Where(order => HoldingSeats.Contains(order.Status)).Sum(order => order.Quantity);
        if (SeatsTaken > capacity)
            Fault($"{SeatsTaken} seats of {capacity} are taken at {Sequence}");
        var greediest = Orders
            .Values.Where(order => HoldingSeats.Contains(order.Status))
            .GroupBy(order => order.UserId)
            .Select(own => own.Sum(order => order.Quantity))
            .DefaultIfEmpty()
            .Max();
        if (greediest > perUserLimit)
            Fault($"a buyer holds {greediest} seats at {Sequence}");
    }

    private void Take(OrderStory order, string id, JsonElement data)
    {
        var payment = data.GetProperty("paymentId").GetString()!;
        if (!order.Payments.TryAdd(payment, new PaymentStory(id, payment, Amount(data))))
            Fault($"payment {payment} was taken twice");
    }

    private void GiveBack(OrderStory order, string id, JsonElement data)
    {
        var payment = data.GetProperty("paymentId").GetString()!;
        if (!order.Payments.TryGetValue(payment, out var taken))
            Fault($"payment {payment} of {id} went back and never came");
        else if (taken.Refunds++ > 0)
            Fault($"payment {payment} of {id} went back {taken.Refunds} times");
        else if (taken.Amount != Amount(data))
            Fault($"payment {payment} of {id} went back with another amount");
    }

    private void Move(string type, string to, params string[] from)
    {
        Once(type);
        if (!from.Contains(State))
            Fault($"{State} → {to} at {Sequence}");
        State = to;
    }

    private void Move(OrderStory order, string id, string to, params string[] from)
    {
        if (!from.Contains(order.Status))
            Fault($"{id}: {order.Status} → {to} at {Sequence}");
        order.Status = to;
    }

    private void Once(string type)
    {
        if (_told[type] > 1)
            Fault($"{type} happened {_told[type]} times");
    }

    private void Fault(string what) => Faults.Add($"{GroupId}: {what}");

    private static int Units(JsonElement data) => data.GetProperty("units").GetInt32();

    private static long Amount(JsonElement data) => data.GetProperty("amount").GetProperty("amount").GetInt64();
}

/// <summary>An order as its group's history tells it.</summary>
internal sealed class OrderStory(string userId, int quantity)
{
    public string UserId { get; } = userId;
    public int Quantity { get; } = quantity;
    public string Status { get; set; } = "PENDING_PAYMENT";
    public Dictionary<string, PaymentStory> Payments { get; } = [];
}

/// <summary>Money that was taken, and how often it went back.</summary>
internal sealed class PaymentStory(string orderId, string paymentId, long amount)
{
    public string OrderId { get; } = orderId;
    public string PaymentId { get; } = paymentId;
    public long Amount { get; } = amount;
    public int Refunds { get; set; }
}
