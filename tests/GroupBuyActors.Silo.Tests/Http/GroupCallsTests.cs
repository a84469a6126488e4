using System.Reflection;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Reading;
using GroupBuyActors.Silo.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Silo.Tests.Http;

/// <summary>Calls from the edge survive what passes, and say so where it does not.</summary>
public sealed class GroupCallsTests
{
    private static readonly GroupId Group = GroupId.Parse("1.SH.tea");
    private readonly FakeTimeProvider _time = new() { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
    private readonly EdgeOptions _options = new();
    private readonly Gate _gate = new();
    private int _tries;

    public static TheoryData<string> Passing => ["timeout", "silo", "rejected", "store"];

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task WhatPassesIsTriedAgain(string fault)
    {
        var reply = await RunAsync(_ =>
            ++_tries < 3 ? Task.FromException<Reply<GroupView>>(Fault(fault)) : Task.FromResult(new Reply<GroupView>())
        );
        Assert.True(reply.Succeeded);
        Assert.Equal(3, _tries);
    }

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task WhatDoesNotPassEndsInAClearRefusalWithinItsBudget(string fault)
    {
        var began = _time.GetTimestamp();
        var reply = await RunAsync(_ => Task.FromException<Reply<GroupView>>(Fault(fault)));
        Assert.Equal(RefusalCode.StoreUnavailable, reply.Refusal?.Code);
        Assert.True(_time.GetElapsedTime(began) <= (fault == "store" ? _options.StoreBudget : _options.Budget));
        Assert.Equal((503, 1), (Problem.Of(reply.Refusal!).Status, Problem.Of(reply.Refusal!).RetryAfterSeconds));
    }

    [Fact]
    public async Task ATryWithoutAnAnswerIsGivenUpAndMadeAgain()
    {
        var reply = await RunAsync(_ =>
            ++_tries == 1 ? new TaskCompletionSource<Reply<GroupView>>().Task : Task.FromResult(new Reply<GroupView>())
        );
        Assert.True(reply.Succeeded);
    }

    [Fact]
    public async Task AGroupThatSaysNothingIsGivenUpEarlyWhereTheStoreDoesNotAnswerThisSilo()
    {
        _gate.RefusalReason = "The silo could not confirm in time that it is still a member of the cluster.";
        var began = _time.GetTimestamp();
        var reply = await RunAsync(_ => new TaskCompletionSource<Reply<GroupView>>().Task);
        Assert.Equal(RefusalCode.StoreUnavailable, reply.Refusal?.Code);
        Assert.True(_time.GetElapsedTime(began) <= _options.StoreBudget + _options.TryTimeout);
    }

    [Fact]
    public async Task ACallIsMadeOnceWhereTheStoreDoesNotAnswerThisSilo()
    {
        _gate.RefusalReason = "The silo could not confirm in time that it is still a member of the cluster.";
        var reply = await RunAsync(_ =>
        {
            _tries++;
            return Task.FromException<Reply<GroupView>>(Fault("store"));
        });
        Assert.Equal((RefusalCode.StoreUnavailable, 1), (reply.Refusal?.Code, _tries));
    }

    [Fact]
    public async Task AGroupWithTooManyCallsWaitingIsToldAtOnce()
    {
        var reply = await RunAsync(_ =>
        {
            _tries++;
            return Task.FromException<Reply<GroupView>>(new LimitExceededException("queue"));
        });
        Assert.Equal(
            (429, 1, 1),
            (Problem.Of(reply.Refusal!).Status, Problem.Of(reply.Refusal!).RetryAfterSeconds, _tries)
        );
    }

    [Fact]
    public async Task ACallerWhoGoesAwayStopsTheTries()
    {
        using var gone = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            RunAsync(
                _ =>
                {
                    gone.Cancel();
                    return Task.FromException<Reply<GroupView>>(new TimeoutException());
                },
                gone.Token
            )
        );
    }

    [Fact]
    public async Task ABugIsNotTriedAgain() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            RunAsync(_ => Task.FromException<Reply<GroupView>>(new InvalidOperationException()))
        );

    private async Task<Reply<GroupView>> RunAsync(
        Func<IGroupGrain, Task<Reply<GroupView>>> call,
        CancellationToken cancellation = default
    )
    {
        var known = new KnownGroups(DispatchProxy.Create<IActorReader, AnyGrain>(), _time);
        known.Add(Group);
        var calls = new GroupCalls(
            DispatchProxy.Create<IGrainFactory, AnyGrain>(),
            known,
            _gate,
            Options.Create(_options),
            _time,
            () => 0.5,
            NullLogger<GroupCalls>.Instance
        );
        var running = calls.CallAsync(Group, call, cancellation);
        // Time passes only where somebody waits for it.
        while (!running.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        return await running;
    }

    private static Exception Fault(string name) =>
        name switch
        {
            "timeout" => new TimeoutException(),
            "silo" => new SiloUnavailableException("gone"),
            "rejected" => (Exception)
                Activator.CreateInstance(
                    typeof(OrleansMessageRejectionException),
                    BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public,
                    null,
                    ["moved"],
                    null
                )!,
            _ => new StoreUnavailableException("full"),
        };

    private sealed class Gate : ISiloGate
    {
        public string? ClosedBecause => RefusalReason;

        public string? RefusalReason { get; set; }
    }

    /// <summary>
    /// Stands for Orleans: every call of the factory gives null, for the calls under test are given as functions.
    /// </summary>
    public class AnyGrain : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => null;
    }
}
