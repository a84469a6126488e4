using System.Data.Common;
using GroupBuyActors.Groups;
using GroupBuyActors.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;

namespace GroupBuyActors.Silo.Http;

/// <summary>
/// Turns what no handler answered into problem details: unknown routes, wrong methods, faults of the store, bugs.
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
            await OfException(context, fault, RequestPath.TemplateOf(feature.Endpoint), log).ExecuteAsync(context);
        }
        catch (Exception e)
            when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The caller hung up meanwhile: thrown on, this would be logged as an error of ours, with the fault that
            // was answered.
        }
    }

    private static Problem OfException(HttpContext context, Exception fault, string route, ILogger log)
    {
        if (IsHangUp(fault))
            return Problems.HungUp;
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

    // Nobody is left to answer, and nothing of ours is at fault.
    private static bool IsHangUp(Exception fault) => fault is ConnectionResetException or ConnectionAbortedException;

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

    // Where there is GET there is HEAD.
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
