using System.Net;
using GroupBuyActors.Silo.Auth;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Silo.Tests.Auth;

/// <summary>How many wrong keys are taken, and what is told of them.</summary>
public sealed class FailedKeyAttemptsTests
{
    private static readonly IPAddress Guesser = IPAddress.Parse("203.0.113.7"),
        Other = IPAddress.Parse("203.0.113.8");
    private static readonly ApiKey Known = new(new Caller("ops", Role.Operator), []),
        Late = new(new Caller("late", Role.Operator), []);
    private readonly FakeTimeProvider _time = new();
    private readonly LogLines<FailedKeyAttempts> _log = new();
    private readonly FailedKeyAttempts _keys;

    public FailedKeyAttemptsTests() => _keys = new FailedKeyAttempts(_time, _log);

    [Fact]
    public void SoManyMayBeTriedAndThenOneASecond()
    {
        Assert.Equal(FailedKeyAttempts.Burst, Guess(Guesser, 3_000));
        Assert.Equal(0, Guess(Guesser, 3_000));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(5, Guess(Guesser, 3_000));
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(FailedKeyAttempts.Burst, Guess(Guesser, 3_000));
    }

    [Fact]
    public void AnAddressIsNotHeldAgainstAnother()
    {
        Guess(Guesser, 3_000);
        Assert.True(_keys.CanTry(Other, out _));
        Guess(IPAddress.Parse("2001:db8:0:1::1"), 3_000);
        Assert.False(_keys.CanTry(IPAddress.Parse("2001:db8:0:1:ffff::2"), out _));
        Assert.True(_keys.CanTry(IPAddress.Parse("2001:db8:0:2::1"), out _));
        Assert.False(_keys.CanTry(Guesser.MapToIPv6(), out _));
    }

    [Fact]
    public void AKeyThatWorkedFromThereGoesOnWorkingAndOneThatDidNotWaits()
    {
        _keys.Worked(Guesser, Known);
        Guess(Guesser, 3_000);
        Assert.False(_keys.CanTry(Guesser, out var worked));
        Assert.Contains(Known, worked);
        Assert.DoesNotContain(Late, worked);
    }

    [Fact]
    public void TheyAreToldOfOnceAMinuteWithTheirNumberAndOnceWhenTheLimitIsReached()
    {
        Guess(Guesser, 1);
        Assert.Equal(["1 wrong API keys from 203.0.113.7 since the last such message"], _log.Lines);
        Guess(Guesser, 2_999);
        Assert.Equal(2, _log.Lines.Count);
        Assert.StartsWith("Too many wrong API keys from 203.0.113.7", _log.Lines[1], StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(1));
        Guess(Guesser, 1);
        Assert.Equal("3000 wrong API keys from 203.0.113.7 since the last such message", _log.Lines[2]);
        Assert.Equal(3, _log.Lines.Count);
    }

    [Fact]
    public void AddressesWithoutNumberTakeNoMemoryWithoutBoundAndShareOneLimit()
    {
        for (var i = 0; i < 10_000; i++)
            Guess(new IPAddress(0x0A_00_00_00L + i), 1);
        Assert.Equal(
            FailedKeyAttempts.Burst,
            Enumerable.Range(0, 1_000).Sum(i => Guess(new IPAddress(0x0B_00_00_00L + i), 1))
        );
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1_000, Enumerable.Range(0, 1_000).Sum(i => Guess(new IPAddress(0x0B_00_00_00L + i), 1)));
    }

    // Gives how many of the guesses were looked at.
    private int Guess(IPAddress address, int times)
    {
        var tried = 0;
        for (var i = 0; i < times; i++)
        {
            if (_keys.CanTry(address, out _))
                tried++;
            _keys.Failed(address);
        }

        return tried;
    }
}
