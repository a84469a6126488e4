using System.Data.Common;
using System.Net.Sockets;
using GroupBuyActors.Ports;
using GroupBuyActors.Sandbox.Books;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Sandbox.Faults;

/// <summary>
/// Passes calls from a port to the books, with injected faults. A failing call is counted and has no effect. A delayed
/// call takes effect after its delay, even if its caller has stopped waiting, like a slow real service; the tombstones
/// of the ports' contracts are for this case. If the books themselves fail, the port is unavailable.
/// </summary>
internal sealed class FaultInjector(
    SandboxBooks books,
    SandboxFaults faults,
    TimeProvider time,
    ILogger<FaultInjector> log
)
{
    public async Task<T> CallAsync<T>(
        SandboxPort port,
        string key,
        string operation,
        string? sku,
        Func<CancellationToken, Task<T>> effect,
        Func<PortReply, T> failed,
        CancellationToken cancellation
    )
    {
        try
        {
            var injected = await faults.NextFaultAsync(port, sku, cancellation).ConfigureAwait(false);
            if (injected == InjectedFault.None)
                return await effect(cancellation).ConfigureAwait(false);
            if (injected.Fails)
                return await FailAsync(port, key, operation, injected, failed, cancellation).ConfigureAwait(false);
            return await LateAsync(injected.Delay, effect).WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return failed(new PortReply(PortAnswer.Unavailable, "The service did not answer in time."));
        }
        catch (Exception e)
            when (e is DbException or IOException or SocketException or TimeoutException or ObjectDisposedException)
        {
            SandboxLog.BooksUnavailable(log, e, port, operation, key);
            return failed(new PortReply(PortAnswer.Unavailable, "The sandbox's books are not available."));
        }
    }

    private async Task<T> FailAsync<T>(
        SandboxPort port,
        string key,
        string operation,
        InjectedFault injected,
        Func<PortReply, T> failed,
        CancellationToken cancellation
    )
    {
        await books.CountAsync(port, key, operation, cancellation).ConfigureAwait(false);
        if (injected.Delay > TimeSpan.Zero)
            await Task.Delay(injected.Delay, time, cancellation).ConfigureAwait(false);
        return failed(
            injected.Permanent
                ? new PortReply(PortAnswer.Refused, "The sandbox is configured to refuse permanently.")
                : new PortReply(PortAnswer.Unavailable, "The sandbox is configured to fail.")
        );
    }

    private async Task<T> LateAsync<T>(TimeSpan delay, Func<CancellationToken, Task<T>> effect)
    {
        await Task.Delay(delay, time, CancellationToken.None).ConfigureAwait(false);
        return await effect(CancellationToken.None).ConfigureAwait(false);
    }
}
