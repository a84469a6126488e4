using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Silo.Admin;

/// <summary>
/// Writes entries of the audit log. A change that was made remains even if its entry is lost; then the log says so.
/// </summary>
internal sealed class Audit(IGroupQueries queries, TimeProvider time, ILogger<Audit> log)
{
    /// <summary>How long an answer waits for its entry; a store that hangs may write it later, or not at all.</summary>
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(2);

    public async Task WriteAsync(HttpContext context, string action, string target, string? detail = null)
    {
        try
        {
            // Not cancelled with the request, because the change is already made.
            await queries
                .AuditAsync(time.GetUtcNow(), Caller.Of(context).Name, action, target, detail, CancellationToken.None)
                .WaitAsync(WriteTimeout, time);
        }
        catch (Exception e)
        {
            EdgeLog.NotAudited(log, e, action, target);
        }
    }
}
