using System.Text.Json.Serialization;
using GroupBuyActors.Activations;

namespace GroupBuyActors.Redrives;

/// <summary>A redrive, as its events made it.</summary>
internal sealed class RedriveState : JsonActorState<RedriveEvent>
{
    /// <summary>Which letters; null where it was never started.</summary>
    public RedriveOrder? Order { get; set; }

    /// <summary>Pages that are recorded.</summary>
    public int Pages { get; set; }

    /// <summary>Where the next page begins; null for the first.</summary>
    public string? Token { get; set; }

    /// <summary>When the next page is due.</summary>
    public DateTimeOffset PageAt { get; set; }

    public int Total { get; set; }

    public int Done { get; set; }

    public int Refused { get; set; }

    public bool IsStopped { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    [JsonIgnore]
    public bool IsRunning => Order is not null && EndedAt is null;

    public RedriveReport? Report() =>
        Order is null
            ? null
            : new RedriveReport(
                EndedAt is null ? "running"
                    : IsStopped ? "stopped"
                    : "completed",
                Total,
                Done,
                Refused,
                Order.RatePerSecond,
                StartedAt,
                EndedAt
            );

    protected override void Change(RedriveEvent happened)
    {
        switch (happened)
        {
            case RedriveStarted started:
                (Order, Total) = (started.Order, started.Total);
                StartedAt = PageAt = started.Time;
                break;
            case RedrivePageDone page:
                Pages++;
                Done += page.Done;
                Refused += page.Refused;
                (Token, PageAt) = (page.Next, page.NextAt ?? PageAt);
                break;
            case RedriveEnded ended:
                (IsStopped, EndedAt) = (ended.IsStopped, ended.Time);
                break;
        }
    }
}
