using GroupBuyActors.Groups;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>
/// Runs tasks of the benchmark's own in the place of the handler of <c>order-close</c>: writes down how late the run
/// is, by the machine's clock, and is done; a commit of the task's own completes it.
/// </summary>
internal sealed class RecordingHandler(FireBook book, TimeProvider time) : ITaskHandler
{
    public string Type => OrderClose.TypeName;

    public Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var (series, index) = BenchTasks.Read(due.Task.Payload.Span);
        book.Begun(series, index, now - due.Task.Key.Due);
        return Task.FromResult<HandlerResult>(new HandlerResult.Finished());
    }
}
