using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>One partition's messages on their way to the view, with time in the test's hand.</summary>
public sealed class PartitionWorkerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly GroupId Tea = GroupId.Parse("1.SH.tea"),
        Rice = GroupId.Parse("2.SH.rice");

    private readonly RecordingView _view = new();
    private readonly FakeTimeProvider _time = new();
    private readonly GroupEventConsumerOptions _options = new()
    {
        BootstrapServers = "none",
        ConsumerGroup = "lane",
        BatchSizeMax = 8,
        RetryDelay = TimeSpan.FromSeconds(1),
        RetryDelayMax = TimeSpan.FromSeconds(4),
    };
    private readonly GroupEventConsumerMetrics _metrics = new("lane", () => 0);
    private readonly List<long> _noted = [];
    private readonly TaskCompletionSource<Exception> _fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _offset;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task RepeatsAreDroppedAndOffsetsNotedPastThem()
    {
        var lane = Lane();
        Add(lane, Tea, 1, 2, 2, 1, 3, 1, 2, 3, 4);
        lane.Start();
        await _view.Reaches(4).WaitAsync(Patience);
        await lane.StopAsync();
        Assert.Equal([1, 2, 3, 4], _view.Of(Tea));
        Assert.Equal(8, _noted[^1]);
    }

    [Fact]
    public async Task WhatTheViewHasStoredBeforeIsNotStoredAgain()
    {
        _view.Begin(Tea, 3);
        var lane = Lane();
        Add(lane, Tea, 1, 2, 3, 4, 5);
        lane.Start();
        await _view.Reaches(2).WaitAsync(Patience);
        Assert.Equal([4, 5], _view.Of(Tea));
        await lane.StopAsync();
    }

    [Fact]
    public async Task AFailingEventStopsItsPartitionAndNothingOvertakesIt()
    {
        var isBroken = true;
        _view.Before = (batch, _) =>
            isBroken && batch.Events.Any(happened => happened.Group == Rice)
                ? throw new IOException("disk full")
                : Task.CompletedTask;
        var lane = Lane();
        Add(lane, Tea, 1, 2, 3);
        Add(lane, Rice, 1);
        Add(lane, Tea, 4, 5);
        lane.Start();
        // Smaller and smaller portions, until what stands before the failing event is stored.
        await PassTimeUntil(_view.Reaches(3));
        Assert.Equal([1, 2, 3], _view.Of(Tea));
        for (var i = 0; i < 5; i++)
            await PassTime();
        Assert.IsType<IOException>(lane.Failure);
        Assert.Equal(3, _view.Total);
        Assert.Equal(2, _noted[^1]);
        isBroken = false;
        await PassTimeUntil(_view.Reaches(6));
        await lane.StopAsync();
        Assert.Equal([1, 2, 3, 4, 5], _view.Of(Tea));
        Assert.Equal([1], _view.Of(Rice));
        Assert.Null(lane.Failure);
        Assert.Equal(5, _noted[^1]);
    }

    [Fact]
    public async Task WaitsBetweenTriesDoubleUpToTheirLimit()
    {
        var tries = new List<DateTimeOffset>();
        var tried = new SemaphoreSlim(0);
        _view.Before = (_, _) =>
        {
            tries.Add(_time.GetUtcNow());
            tried.Release();
            throw new IOException("down");
        };
        var lane = Lane();
        Add(lane, Tea, 1);
        lane.Start();
        Assert.True(await tried.WaitAsync(Patience));
        for (var i = 0; i < 5; i++)
            while (!await tried.WaitAsync(TimeSpan.FromMilliseconds(20)))
                _time.Advance(TimeSpan.FromMilliseconds(500));
        await lane.StopAsync();
        Assert.Equal([1, 2, 4, 4, 4], tries.Zip(tries.Skip(1), (a, b) => Math.Floor((b - a).TotalSeconds)));
        Assert.Empty(_noted);
    }

    [Fact]
    public async Task AStoreWhoseAnswerWasLostIsNotDoneTwice()
    {
        var lost = 2;
        _view.After = _ => lost-- > 0 ? throw new IOException("connection lost at the commit") : Task.CompletedTask;
        var lane = Lane();
        Add(lane, Tea, 1, 2, 3);
        lane.Start();
        await _view.Reaches(3).WaitAsync(Patience);
        await PassTimeUntil(Noted(2));
        await lane.StopAsync();
        Assert.Equal([1, 2, 3], _view.Of(Tea));
        Assert.Equal(2, _noted[^1]);
    }

    [Fact]
    public async Task AReaderThatIsLateStoresNothingOverTheNewOne()
    {
        var (entered, late) = (new TaskCompletionSource(), new TaskCompletionSource());
        _view.Before = (batch, _) =>
        {
            if (batch.Events.Count != 3)
                return Task.CompletedTask;
            entered.TrySetResult();
            return late.Task;
        };
        var old = Lane();
        Add(old, Tea, 1, 2, 3);
        old.Start();
        await entered.Task.WaitAsync(Patience);
        old.Abandon();
        _offset = 0;
        var owner = Lane();
        Add(owner, Tea, 1, 2);
        owner.Start();
        await _view.Reaches(2).WaitAsync(Patience);
        Add(owner, Tea, 3, 4);
        await _view.Reaches(4).WaitAsync(Patience);
        late.SetResult();
        await old.StopAsync();
        await owner.StopAsync();
        Assert.Equal([1, 2, 3, 4], _view.Of(Tea));
        Assert.Equal(1, _view.Moved);
        Assert.False(_fatal.Task.IsCompleted);
    }

    [Fact]
    public async Task AGapStopsBeforeAnythingAfterItIsStored()
    {
        var lane = Lane();
        Add(lane, Tea, 1, 2, 4);
        lane.Start();
        var gap = Assert.IsType<GroupEventGapException>(await _fatal.Task.WaitAsync(Patience)).Gap;
        Assert.Equal(new GroupEventGap(Tea, 2, 4), gap);
        Assert.DoesNotContain(4, _view.Of(Tea));
        await lane.StopAsync();
    }

    [Fact]
    public async Task AGroupFirstSeenBeginsAtOneUnlessTheConsumerBeganInTheMiddle()
    {
        var lane = Lane();
        Add(lane, Tea, 5);
        lane.Start();
        Assert.Equal(
            new GroupEventGap(Tea, 0, 5),
            Assert.IsType<GroupEventGapException>(await _fatal.Task.WaitAsync(Patience)).Gap
        );
        await lane.StopAsync();
        foreach (var start in new[] { GroupEventStart.Retained, GroupEventStart.Latest })
        {
            _options.Start = start;
            var group = GroupId.Parse($"{(int)start}.SH.middle");
            var middle = Lane();
            Add(middle, group, 5, 6);
            middle.Start();
            await _view.Reaches((int)start * 2).WaitAsync(Patience);
            Assert.Equal([5, 6], _view.Of(group));
            await middle.StopAsync();
        }
    }

    [Fact]
    public async Task AGapIsFilledFromElsewhereOrSkippedAsAnswered()
    {
        var unready = 1;
        _options.OnGap = (gap, _) =>
            ValueTask.FromResult(
                gap.Group == Rice
                    ? GapAnswer.Skip
                    : GapAnswer.Fill([
                        .. Enumerable
                            .Range((int)gap.After + 1, (int)(gap.Before - gap.After) - 1 - (unready-- > 0 ? 1 : 0))
                            .Select(sequence => Event(gap.Group, sequence).Envelope),
                    ])
            );
        var lane = Lane();
        Add(lane, Tea, 1, 5, 3, 6);
        Add(lane, Rice, 3);
        lane.Start();
        // The first answer lacks the last event: it is asked again, as if the view had failed.
        await PassTimeUntil(_view.Reaches(7));
        await lane.StopAsync();
        Assert.Equal([1, 2, 3, 4, 5, 6], _view.Of(Tea));
        Assert.Equal([3], _view.Of(Rice));
    }

    [Fact]
    public async Task MalformedMessagesAreToldAndPassed()
    {
        var notified = new List<(long Offset, string Fault)>();
        var isDeaf = true;
        _options.OnMalformed = (message, _) =>
        {
            if (isDeaf)
            {
                isDeaf = false;
                throw new IOException("nobody listens");
            }

            notified.Add((message.Offset, message.Fault));
            return ValueTask.CompletedTask;
        };
        var lane = Lane();
        Add(lane, Tea, 1);
        lane.Add(Result(new Message<byte[]?, byte[]?> { Value = "<order/>"u8.ToArray() }));
        Add(lane, Tea, 2);
        lane.Start();
        await PassTimeUntil(_view.Reaches(2));
        await PassTimeUntil(Noted(2));
        await lane.StopAsync();
        Assert.Equal([1, 2], _view.Of(Tea));
        Assert.Equal([(1, "ce_specversion is missing.")], notified);
    }

    [Fact]
    public async Task TriesThatAreUsedUpEndTheConsumer()
    {
        _options.RetryCountMax = 2;
        _view.Before = (_, _) => throw new IOException("down");
        var lane = Lane();
        Add(lane, Tea, 1);
        lane.Start();
        await PassTimeUntil(_fatal.Task);
        Assert.IsType<IOException>(await _fatal.Task);
        await lane.StopAsync();
    }

    [Fact]
    public async Task StoppingLetsTheBatchInHandEndAndLeavesTheRest()
    {
        var (entered, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _view.Before = (_, _) =>
        {
            entered.TrySetResult();
            return goOn.Task;
        };
        var lane = Lane();
        Add(lane, Tea, [.. Enumerable.Range(1, 20)]);
        lane.Start();
        await entered.Task.WaitAsync(Patience);
        var stopping = lane.StopAsync();
        Assert.False(stopping.IsCompleted);
        goOn.SetResult();
        await stopping.WaitAsync(Patience);
        Assert.Equal(_options.BatchSizeMax, _view.Total);
        Assert.Equal(_options.BatchSizeMax - 1, _noted[^1]);
    }

    [Fact]
    public async Task ABatchThatDoesNotEndIsAbandonedAndNotesNothing()
    {
        var (entered, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _view.Before = async (_, cancellation) =>
        {
            entered.TrySetResult();
            await goOn.Task;
            cancellation.ThrowIfCancellationRequested();
        };
        var lane = Lane();
        Add(lane, Tea, 1, 2);
        lane.Start();
        await entered.Task.WaitAsync(Patience);
        var stopping = lane.StopAsync();
        await PassTimeUntil(stopping);
        goOn.SetResult();
        await lane.StopAsync();
        Assert.Empty(_noted);
        Assert.Equal(0, _view.Total);
        Assert.False(_fatal.Task.IsCompleted);
    }

    [Fact]
    public async Task SequencesInMemoryAreBoundedAndAskedAgainWhenForgotten()
    {
        var memory = new SequenceMemory(2);
        memory.Set(Tea, 1);
        memory.Set(Rice, 1);
        Assert.True(memory.TryGet(Tea, out _));
        memory.Set(GroupId.Parse("3.SH.salt"), 1);
        Assert.Equal((2, true, false), (memory.Count, memory.TryGet(Tea, out _), memory.TryGet(Rice, out _)));

        _options.GroupsInMemoryMax = 2;
        _options.BatchSizeMax = 1;
        var lane = Lane();
        for (var round = 1; round <= 3; round++)
        for (var group = 1; group <= 4; group++)
            Add(lane, GroupId.Parse($"{group}.SH.many"), round);
        lane.Start();
        await _view.Reaches(12).WaitAsync(Patience);
        await lane.StopAsync();
        Assert.Equal(12, _view.Asked);
        for (var group = 1; group <= 4; group++)
            Assert.Equal([1, 2, 3], _view.Of(GroupId.Parse($"{group}.SH.many")));
    }

    [Fact]
    public async Task LagIsWhatIsNotStored()
    {
        var goOn = new TaskCompletionSource();
        _view.Before = (_, _) => goOn.Task;
        var lane = Lane();
        Assert.Equal(0, lane.Lag);
        Add(lane, Tea, 1, 2, 3);
        lane.EndsAt(10);
        lane.Start();
        Assert.Equal(10, lane.Lag);
        goOn.SetResult();
        await _view.Reaches(3).WaitAsync(Patience);
        await lane.StopAsync();
        Assert.Equal(7, lane.Lag);
        Assert.Equal(_time.GetUtcNow(), lane.StoredAt);
    }

    private PartitionWorker Lane() =>
        new(
            new TopicPartition("t", 0),
            _view,
            _options,
            _metrics,
            NullLogger.Instance,
            _time,
            message =>
            {
                lock (_noted)
                    _noted.Add(message.Offset.Value);
            },
            failure => _fatal.TrySetResult(failure)
        );

    private void Add(PartitionWorker lane, GroupId group, params int[] sequences)
    {
        foreach (var sequence in sequences)
        {
            var message = Event(group, sequence).Message;
            lane.Add(
                Result(
                    new Message<byte[]?, byte[]?>
                    {
                        Key = message.Key,
                        Value = message.Value,
                        Headers = message.Headers,
                    }
                )
            );
        }
    }

    private ConsumeResult<byte[]?, byte[]?> Result(Message<byte[]?, byte[]?> message) =>
        new() { TopicPartitionOffset = new("t", 0, _offset++), Message = message };

    private static LivedEvent Event(GroupId group, long sequence) =>
        new(group, sequence, "group.opened", DateTimeOffset.UnixEpoch, "{}"u8.ToArray());

    private async Task Noted(long offset)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (true)
        {
            lock (_noted)
                if (_noted.Count > 0 && _noted[^1] >= offset)
                    return;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, limit.Token);
        }
    }

    private async Task PassTime()
    {
        _time.Advance(_options.RetryDelayMax);
        await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
    }

    // The lane waits by the fake clock after each failure; it is moved until what is waited for is there.
    private async Task PassTimeUntil(Task done)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!done.IsCompleted)
        {
            limit.Token.ThrowIfCancellationRequested();
            await PassTime();
        }

        await done;
    }
}
