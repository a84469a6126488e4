using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Membership.Liveness;

public sealed class MemberJudgeTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemberJudge _judge;

    public MemberJudgeTests() => _judge = new MemberJudge(new SignsOfLife(_time));

    [Theory]
    [InlineData(SiloStatus.Joining)]
    [InlineData(SiloStatus.Active)]
    [InlineData(SiloStatus.ShuttingDown)]
    [InlineData(SiloStatus.Stopping)]
    public void AMemberWhoseProcessIsProvenToBeGoneIsGoneWhateverItsRowSays(SiloStatus status)
    {
        var dead = Member(1, status);
        var verdict = Assert.Single(Judge((dead, new LivenessAnswer.Dead("proof")), (Member(2), Alive(2))));
        Assert.Equal(new MemberVerdict.Gone(dead, "proof"), verdict);
    }

    [Fact]
    public void ASilentMemberIsAwaitedUntilItsRowIsSilentToo()
    {
        var silent = (Member(1), new LivenessAnswer.Unknown("no answer"));
        Assert.IsType<MemberVerdict.Awaited>(Assert.Single(Judge(silent)));
        _time.Advance(SignsOfLife.Silence);
        Assert.IsType<MemberVerdict.Gone>(Assert.Single(Judge(silent)));
    }

    [Fact]
    public void ASilentMemberThatShowsSignsOfLifeIsAwaitedForAsLongAsItDoes()
    {
        var member = Member(1);
        for (var sign = 0; sign < 10; sign++)
        {
            member.IAmAliveTime += ProbeTimes.SignOfLifeInterval;
            Assert.IsType<MemberVerdict.Awaited>(
                Assert.Single(Judge((member, new LivenessAnswer.Unknown("no answer"))))
            );
            _time.Advance(ProbeTimes.SignOfLifeInterval);
        }
    }

    [Fact]
    public void ASilentMemberIsLeftToTheProbesOfAnotherThatServes()
    {
        for (var pass = 0; pass < 3; pass++)
        {
            Assert.Empty(Judge((Member(1), new LivenessAnswer.Unknown("no answer")), (Member(2), Alive(2))));
            _time.Advance(SignsOfLife.Silence);
        }
    }

    [Fact]
    public void ASiloThatOnlyJoinsVouchesForNobody()
    {
        var silent = (Member(1), new LivenessAnswer.Unknown("no answer"));
        var joining = (Member(2, SiloStatus.Joining), Alive(2));
        Assert.IsType<MemberVerdict.Awaited>(Assert.Single(Judge(silent, joining)));
        _time.Advance(SignsOfLife.Silence);
        Assert.IsType<MemberVerdict.Gone>(Assert.Single(Judge(silent, joining)));
    }

    [Theory]
    [InlineData(SiloStatus.Joining)]
    [InlineData(SiloStatus.ShuttingDown)]
    public void ASilentMemberThatWritesNoSignsOfLifeIsNotTakenForDead(SiloStatus status)
    {
        for (var pass = 0; pass < 3; pass++)
        {
            Assert.Empty(Judge((Member(1, status), new LivenessAnswer.Unknown("no answer"))));
            _time.Advance(SignsOfLife.Silence);
        }
    }

    private IReadOnlyList<MemberVerdict> Judge(params (MembershipEntry Member, LivenessAnswer Answer)[] silos) =>
        _judge.Judge(
            silos.Select(silo => silo.Member),
            silos.ToDictionary(silo => silo.Member.SiloAddress, silo => silo.Answer)
        );

    private static LivenessAnswer.Alive Alive(int number) => new(new LivenessHello(Address(number), IsDraining: false));

    private static MembershipEntry Member(int number, SiloStatus status = SiloStatus.Active) =>
        new()
        {
            SiloAddress = Address(number),
            SiloName = $"silo-{number}",
            Status = status,
            IAmAliveTime = DateTime.UnixEpoch,
        };

    private static SiloAddress Address(int number) =>
        SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_000 + number), 1);
}
