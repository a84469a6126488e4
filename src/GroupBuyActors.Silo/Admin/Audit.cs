using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Silo.Admin;

/// <summary>
/// Writes down who changed what. A change that was made stands even where this line is lost: then the log says so.
/// </summary>
internal sealed class Audit(GroupQueries queries, TimeProvider time, ILogger<Audit> log)
{
    /// <summary>How long an answer waits for its line; a store that hangs then writes it later, or not.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task WriteAsync(HttpContext context, string action, string target, string? detail = null)
    {
        try
        {
            // Not cancelled with the request: the change is made.
            await queries
                .AuditAsync(time.GetUtcNow(), Caller.Of(context).Name, action, target, detail, CancellationToken.None)
                .WaitAsync(Patience, time);
        }
        catch (Exception e)
        {
            EdgeLog.NotAudited(log, e, action, target);
        }
    }
}
