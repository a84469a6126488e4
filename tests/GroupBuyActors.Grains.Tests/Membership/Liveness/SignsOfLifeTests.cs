using System.Net;
using GroupBuyActors.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Membership.Liveness;

public sealed class SignsOfLifeTests
{
    private static readonly SiloAddress Silo = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_111), 1);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly SignsOfLife _signs;

    public SignsOfLifeTests() => _signs = new SignsOfLife(_time);

    [Fact]
    public void OnlyARowThatWasWatchedWithoutANewSignHasStopped()
    {
        var sign = DateTime.UnixEpoch;
        Assert.False(_signs.HasStopped(Silo, sign));
        _time.Advance(SignsOfLife.Silence - Moment);
        Assert.False(_signs.HasStopped(Silo, sign));
        _time.Advance(Moment);
        Assert.True(_signs.HasStopped(Silo, sign));
    }

    [Fact]
    public void ASiloThatWritesItsSignIsNeverTakenForStoppedWhateverItsClockShows()
    {
        for (var sign = 0; sign < 10; sign++)
        {
            // Its clock is behind by years, and set back now and then.
            Assert.False(_signs.HasStopped(Silo, DateTime.UnixEpoch.AddSeconds(sign % 3)));
            _time.Advance(SignsOfLife.Silence - Moment);
        }
    }

    [Fact]
    public void TheSilenceIsLongerThanASiloThatThawsAnswersFromMemory()
    {
        Assert.True(SignsOfLife.Silence > new GrainsOptions().FenceBound);
        Assert.True(SignsOfLife.Silence > ProbeTimes.SignOfLifeInterval * 2);
    }
}
