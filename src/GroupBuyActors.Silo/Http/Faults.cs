using System.Data.Common;
using GroupBuyActors.Groups;
using GroupBuyActors.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// Answers with problem details what no handler answered: unknown routes, wrong methods, failures of the store, bugs.
/// </summary>
internal static class Faults
{
    public static void UseProblemDetails(this WebApplication app)
    {
        app.UseExceptionHandler(
            new ExceptionHandlerOptions
            {
                ExceptionHandler = context => AnswerFaultAsync(context, app.Logger),
                SuppressDiagnosticsCallback = _ => true,
            }
        );
        app.UseStatusCodePages(context => OfStatus(context.HttpContext).ExecuteAsync(context.HttpContext));
    }

    private static async Task AnswerFaultAsync(HttpContext context, ILogger log)
    {
        var feature = context.Features.Get<IExceptionHandlerFeature>();
        if (feature?.Error is not { } fault || context.RequestAborted.IsCancellationRequested)
            return;
        try
        {
            await ProblemOf(context, fault, RequestPath.TemplateOf(feature.Endpoint), log).ExecuteAsync(context);
        }
        catch (Exception e)
            when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The caller has disconnected. Rethrown, this would be logged as an error of this service, together with
            // the fault that was being answered.
        }
    }

    /// <summary>The problem of an exception that no handler caught, which is logged.</summary>
    public static Problem ProblemOf(HttpContext context, Exception fault, string route, ILogger log)
    {
        if (IsDisconnect(fault))
            return Problems.Disconnected;
        if (fault is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
            return Problems.TooLarge;
        if (fault is BadHttpRequestException bad)
            return new Problem(bad.StatusCode, "request.invalid", "Invalid request", "The request could not be read.");
        if (IsPassing(fault))
        {
            EdgeLog.StoreFailed(log, fault, context.Request.Method, route);
            return Problem.Of(
                RefusalCode.StoreUnavailable,
                "The database did not answer in time. Send the same request again."
            );
        }

        EdgeLog.Failed(log, fault, context.Request.Method, route);
        return new Problem(
            StatusCodes.Status500InternalServerError,
            "internal.error",
            "Internal error",
            "The request failed unexpectedly. Send the trace id to an operator."
        );
    }

    private static bool IsPassing(Exception fault) =>
        fault is DbException database ? StoreErrors.IsTransient(database) : GroupCalls.IsPassing(fault);

    // The caller has disconnected, which is no fault of this service.
    private static bool IsDisconnect(Exception fault) =>
        fault is ConnectionResetException or ConnectionAbortedException;

    private static Problem OfStatus(HttpContext context) =>
        context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => Problems.RouteNotFound,
            StatusCodes.Status405MethodNotAllowed => new Problem(
                StatusCodes.Status405MethodNotAllowed,
                "route.method_not_allowed",
                "Method not allowed",
                $"This address supports only {Allowed(context.Response.Headers)}."
            ),
            var status => new Problem(
                status,
                "request.refused",
                "Refused",
                "The request was rejected before it was processed."
            ),
        };

    // Routes with GET also answer HEAD.
    private static string Allowed(IHeaderDictionary headers)
    {
        if (
            headers.Allow.ToString().Split(',', StringSplitOptions.TrimEntries) is var methods
            && methods.Contains(HttpMethods.Get)
        )
            headers.Allow = string.Join(", ", methods.Append(HttpMethods.Head).Order(StringComparer.Ordinal));
        return headers.Allow.ToString();
    }
}
