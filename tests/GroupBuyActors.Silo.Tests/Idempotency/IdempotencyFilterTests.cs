using System.Text;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Idempotency;

/// <summary>Calls with one key beside each other, some of whose callers are gone before they are answered.</summary>
public sealed class OnceTests(TestSilo silo)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private readonly IGrainFactory _grains = silo.Services.GetRequiredService<IGrainFactory>();
    private readonly RequestKey _key = new(RequestHash.Of(Guid.NewGuid().ToByteArray()), "body");

    private IIdempotencyGrain Memory => _grains.GetGrain<IIdempotencyGrain>(_key.Id);

    [Fact]
    public async Task WhoWaitedIsToldToAskAgainAndHoldsNoTurn()
    {
        var first = await Memory.Begin(_key.Fingerprint);
        Assert.Equal(IdempotencyDecision.Proceed, first.Kind);
        var waiting = Memory.Begin(_key.Fingerprint);
        await SeenAsync();
        await Memory.Abandon(first.Ticket);
        Assert.Equal(IdempotencyDecision.Retry, (await waiting.WaitAsync(Bound)).Kind);
        Assert.Equal(IdempotencyDecision.Proceed, (await Memory.Begin(_key.Fingerprint).WaitAsync(Bound)).Kind);
    }

    [Fact]
    public async Task ACallerThatHangsUpWhileItWaitsHoldsUpNobody()
    {
        var idempotency = new IdempotencyFilter(_grains);
        var (held, began) = (new TaskCompletionSource<IResult>(), new TaskCompletionSource());
        using var hangUp = new CancellationTokenSource();
        var first = idempotency.RunAsync(Call(), _key, () => Begun(began, held));
        await began.Task.WaitAsync(Bound);
        var gone = idempotency.RunAsync(
            Call(hangUp.Token),
            _key,
            () => throw new InvalidOperationException("Its caller is gone.")
        );
        await SeenAsync();
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);

        held.SetResult(Results.NoContent());
        await first;
        // Whatever the abandoned wait gets, it has got by then.
        for (var i = 0; i < 20; i++)
            await SeenAsync();
        var next = await idempotency
            .RunAsync(Call(), _key, () => Task.FromResult<IResult>(JsonAnswer.Of("done")))
            .WaitAsync(Bound);
        Assert.Equal(StatusCodes.Status200OK, Assert.IsType<JsonAnswer>(next).Status);
    }

    [Fact]
    public async Task WhoWaitedForACallThatFailedGoesOnItself()
    {
        var idempotency = new IdempotencyFilter(_grains);
        var (held, began) = (new TaskCompletionSource<IResult>(), new TaskCompletionSource());
        var first = idempotency.RunAsync(Call(), _key, () => Begun(began, held));
        await began.Task.WaitAsync(Bound);
        var second = idempotency.RunAsync(Call(), _key, () => Task.FromResult<IResult>(JsonAnswer.Of("second")));
        await SeenAsync();
        held.SetException(new StoreUnavailableException("The store is away."));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => first);
        Assert.Equal(
            "\"second\"",
            Encoding.UTF8.GetString(Assert.IsType<JsonAnswer>(await second.WaitAsync(Bound)).Body.Span)
        );
    }

    /// <summary>
    /// Comes back once the grain has taken in what was sent before: it takes messages in their order, and knows no such
    /// ticket.
    /// </summary>
    private Task SeenAsync() => Memory.Abandon(-1);

    private static Task<IResult> Begun(TaskCompletionSource began, TaskCompletionSource<IResult> held)
    {
        began.SetResult();
        return held.Task;
    }

    private static DefaultHttpContext Call(CancellationToken aborted = default)
    {
        var context = new DefaultHttpContext { RequestAborted = aborted };
        context.Request.Headers[IdempotencyHeader.Name] = "k";
        return context;
    }
}
