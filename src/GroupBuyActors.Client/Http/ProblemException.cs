using System.Net;

namespace GroupBuyActors.Client;

/// <summary>
/// The service refused a call: RFC 9457 problem details with a stable code. A client within the cluster's network
/// throws the same for the same refusal.
/// </summary>
public sealed class ProblemException(HttpStatusCode status, ProblemDocument problem, Exception? inner = null)
    : Exception(
        $"{problem.Code ?? ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture)}: "
            + $"{problem.Detail ?? problem.Title ?? "refused"}",
        inner
    )
{
    /// <summary>The status code.</summary>
    public HttpStatusCode Status { get; } = status;

    /// <summary>The stable code, such as <c>group.full</c>; empty if a proxy answered.</summary>
    public string Code { get; } = problem.Code ?? "";

    /// <summary>The faults of each faulty field; empty if there are none.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; } = problem.Errors ?? new Dictionary<string, string[]>();

    /// <summary>The trace id for operators, or null.</summary>
    public string? TraceId { get; } = problem.TraceId;
}

/// <summary>RFC 9457 problem details.</summary>
public sealed record ProblemDocument
{
    /// <summary>A URI that identifies the kind of problem.</summary>
    public string? Type { get; init; }

    /// <summary>The kind in a few words.</summary>
    public string? Title { get; init; }

    /// <summary>The status code.</summary>
    public int? Status { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Detail { get; init; }

    /// <summary>The stable code, such as <c>group.full</c>.</summary>
    public string? Code { get; init; }

    /// <summary>The faults of each faulty field.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>The trace id of the call.</summary>
    public string? TraceId { get; init; }
}
