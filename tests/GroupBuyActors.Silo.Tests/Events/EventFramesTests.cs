using GroupBuyActors.Silo.Events;

namespace GroupBuyActors.Silo.Tests.Events;

/// <summary>What a feed keeps is bounded and has no gap; what it does not keep, it says so of.</summary>
public sealed class EventFramesTests
{
    private readonly EventFrames _frames = new(framesMax: 4);

    [Fact]
    public void TheOldestGoesWhereThereAreTooMany()
    {
        Add(1, 2, 3, 4, 5, 6);
        Assert.False(_frames.Reaches(1));
        Assert.True(_frames.Reaches(2));
        Assert.Equal([3, 4, 5, 6], After(2));
        Assert.Equal([6], After(5));
        Assert.Empty(After(6));
        Assert.Equal(40, _frames.Bytes);
    }

    [Fact]
    public void TheOldestGoesWhereThereAreTooManyBytesAndTheNewestStaysHoweverLargeItIs()
    {
        Add(1, 2, 3);
        _frames.Add(new EventFrame(4, new byte[100]), bytesMax: 50);
        Assert.Equal((100, 4), (_frames.Bytes, _frames.Last));
        Assert.Equal([4], After(3));
        Assert.False(_frames.Reaches(2));
    }

    [Fact]
    public void WhatWasRemovedAfterItsTimeIsNotGivenFromHere()
    {
        Add(1, 2, 7, 8);
        Assert.False(_frames.Reaches(2));
        Assert.Equal([7, 8], After(6));
    }

    [Fact]
    public void AReaderAheadOfAllEventsWaits()
    {
        Add(1, 2);
        Assert.True(_frames.Reaches(99));
        Assert.Empty(After(99));
    }

    private void Add(params long[] sequences)
    {
        foreach (var sequence in sequences)
            _frames.Add(new EventFrame(sequence, new byte[10]), bytesMax: 1_000);
    }

    private long[] After(long sequence) => [.. _frames.After(sequence, 100).Select(frame => frame.Sequence)];
}
