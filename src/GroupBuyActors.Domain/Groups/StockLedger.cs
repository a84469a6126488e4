using System.Text.Json.Serialization;

namespace GroupBuyActors.Groups;

/// <summary>
/// A group's stock. Deductions and releases are planned while events are applied, from the state alone, so that a
/// replay plans the same; <c>stock.deducted</c> and <c>stock.released</c> confirm them. Each has a cause number, which
/// is in its port key.
/// </summary>
internal sealed class StockLedger
{
    /// <summary>All units reserved for the group; 0 before the reservation.</summary>
    [JsonPropertyName("reserved")]
    public int Reserved { get; set; }

    [JsonPropertyName("deductions")]
    public List<Deduction> Deductions { get; init; } = [];

    [JsonPropertyName("releases")]
    public List<Release> Releases { get; init; } = [];

    /// <summary>The units of confirmed deductions.</summary>
    [JsonPropertyName("deducted")]
    public int Deducted { get; set; }

    /// <summary>The reserved units in planned and confirmed releases.</summary>
    [JsonPropertyName("planned")]
    public int PlannedUnits { get; set; }

    /// <summary>The deducted units that planned and confirmed releases return.</summary>
    [JsonPropertyName("returning")]
    public int PlannedReturned { get; set; }

    [JsonPropertyName("released")]
    public int ConfirmedUnits { get; set; }

    [JsonPropertyName("returned")]
    public int ConfirmedReturned { get; set; }

    [JsonIgnore]
    public StockFigures Figures =>
        new(
            Reserved,
            Reserved - Deducted - ConfirmedUnits,
            Deducted - ConfirmedReturned,
            ConfirmedUnits + ConfirmedReturned
        );

    /// <summary>The deduction that inventory has not answered, or null.</summary>
    [JsonIgnore]
    public Deduction? InFlight => Deductions is [.., { State: DeductionState.InFlight } last] ? last : null;

    public void PlanDeduction(int units, long sequence) =>
        Deductions.Add(
            new Deduction
            {
                Cause = Deductions.Count + 1,
                Units = units,
                Sequence = sequence,
            }
        );

    public void ConfirmDeduction(int cause, int units)
    {
        Deductions[cause - 1].State = DeductionState.Done;
        Deducted += units;
    }

    /// <summary>
    /// Marks the deduction in flight as failed: it must have no effect, even if it arrives late. False if there is
    /// none.
    /// </summary>
    public bool FailInFlight()
    {
        if (InFlight is not { } deduction)
            return false;
        deduction.State = DeductionState.Failed;
        return true;
    }

    /// <summary>
    /// Plans the release that undoes what an attempt may have reserved; nothing of it is in the books.
    /// </summary>
    public void PlanUndoOfReservation(int attempt, long sequence) =>
        Releases.Add(
            new Release
            {
                Cause = Releases.Count + 1,
                Attempt = attempt,
                UndoReservation = true,
                Sequence = sequence,
            }
        );

    /// <summary>Plans the release of reserved units that can no longer be sold; nothing if there are none.</summary>
    public void PlanRelease(int units, int attempt, long sequence)
    {
        if (units <= 0)
            return;
        Releases.Add(
            new Release
            {
                Cause = Releases.Count + 1,
                Attempt = attempt,
                Units = units,
                Sequence = sequence,
            }
        );
        PlannedUnits += units;
    }

    /// <summary>
    /// Plans the last release of a group: everything except the deducted units that it keeps. It also undoes failed
    /// deductions.
    /// </summary>
    public void PlanEnd(int kept, int attempt, long sequence)
    {
        var units = Reserved - Deducted - PlannedUnits;
        var returned = Deducted - PlannedReturned - kept;
        var failed = Deductions
            .FindAll(deduction => deduction.State == DeductionState.Failed)
            .ConvertAll(deduction => deduction.Cause);
        if (units <= 0 && returned <= 0 && failed.Count == 0)
            return;
        Releases.Add(
            new Release
            {
                Cause = Releases.Count + 1,
                Attempt = attempt,
                Units = units,
                Returned = returned,
                UndoDeductions = failed.Count == 0 ? null : failed,
                Sequence = sequence,
            }
        );
        PlannedUnits += units;
        PlannedReturned += returned;
    }

    public void ConfirmRelease(int cause)
    {
        var release = Releases[cause - 1];
        release.Confirmed = true;
        ConfirmedUnits += release.Units;
        ConfirmedReturned += release.Returned;
    }
}

/// <summary>The state of a deduction.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeductionState>))]
internal enum DeductionState
{
    [JsonStringEnumMemberName("in_flight")]
    InFlight,

    [JsonStringEnumMemberName("done")]
    Done,

    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>Units to deduct for one cause. <see cref="Sequence"/> is that of the event that planned it.</summary>
internal sealed class Deduction
{
    [JsonPropertyName("cause")]
    public int Cause { get; init; }

    [JsonPropertyName("units")]
    public int Units { get; init; }

    [JsonPropertyName("state")]
    public DeductionState State { get; set; }

    [JsonPropertyName("sequence")]
    public long Sequence { get; init; }
}

/// <summary>Units to release for one cause. <see cref="Sequence"/> is that of the event that planned it.</summary>
internal sealed class Release
{
    [JsonPropertyName("cause")]
    public int Cause { get; init; }

    [JsonPropertyName("attempt")]
    public int Attempt { get; init; }

    [JsonPropertyName("units")]
    public int Units { get; init; }

    [JsonPropertyName("returned")]
    public int Returned { get; init; }

    [JsonPropertyName("undoReservation"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool UndoReservation { get; init; }

    [JsonPropertyName("undoDeductions")]
    public List<int>? UndoDeductions { get; init; }

    [JsonPropertyName("confirmed"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Confirmed { get; set; }

    [JsonPropertyName("sequence")]
    public long Sequence { get; init; }
}
