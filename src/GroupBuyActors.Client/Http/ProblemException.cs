using System.Net;

namespace GroupBuyActors.Client;

/// <summary>The service refused a call: RFC 9457 problem details with a stable code.</summary>
public sealed class ProblemException(HttpStatusCode status, ProblemDocument problem)
    : Exception(
        $"{problem.Code ?? ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture)}: "
            + $"{problem.Detail ?? problem.Title ?? "refused"}"
    )
{
    /// <summary>The status code.</summary>
    public HttpStatusCode Status { get; } = status;

    /// <summary>
    /// The stable code, such as <c>group.full</c>; empty where the answer came from something in between.
    /// </summary>
    public string Code { get; } = problem.Code ?? "";

    /// <summary>Every faulty field with what is wrong; empty where no field is.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; } = problem.Errors ?? new Dictionary<string, string[]>();

    /// <summary>The trace to give to an operator, or null.</summary>
    public string? TraceId { get; } = problem.TraceId;
}

/// <summary>RFC 9457 problem details.</summary>
public sealed record ProblemDocument
{
    /// <summary>A URI that names the kind of problem.</summary>
    public string? Type { get; init; }

    /// <summary>The kind in a few words.</summary>
    public string? Title { get; init; }

    /// <summary>The status code.</summary>
    public int? Status { get; init; }

    /// <summary>One sentence for a person.</summary>
    public string? Detail { get; init; }

    /// <summary>The stable code, such as <c>group.full</c>.</summary>
    public string? Code { get; init; }

    /// <summary>Every faulty field with what is wrong.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>The trace of the call.</summary>
    public string? TraceId { get; init; }
}
