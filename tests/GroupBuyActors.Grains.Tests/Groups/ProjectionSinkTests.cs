using GroupBuyActors.Committing;
using GroupBuyActors.Relay;
using GroupBuyActors.Setting;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;

namespace GroupBuyActors.Groups;

/// <summary>Lists and books follow several streams, each at its own pace.</summary>
public sealed class ProjectionSinkTests
{
    private const string Id = "10042.SH-PUDONG.tea-1123";
    private static readonly GroupId Group = GroupId.Parse(Id);
    private static readonly Money Amount = new(1_500, "CNY");

    /// <summary>
    /// A group moves to another silo and back: what happened there in between is newer than what this stream's carrier
    /// still has in hand.
    /// </summary>
    [Fact]
    public async Task AnOlderStateOfAPaymentDoesNotComeBackWithANewerEventOfItsGroup()
    {
        await using var silo = await TestSilo.StartAsync();
        var view = (await (await silo.PublishAsync(Id)).Get()).Value!;
        await silo.ProjectedAsync(Id, GroupPhase.OnShelf);
        var sink = silo.Get<IEnumerable<IStreamSink>>().OfType<ProjectionSink>().Single().Of(1);
        await silo.Get<IProjections>()
            .WriteAsync([new ProjectionChange(Group, 112, null, [Payment(1, PaymentState.Refunding)])], default);
        await sink.TakeAsync(
            [Changed(110, Payment(1, PaymentState.Held)), Changed(113, Payment(2, PaymentState.Held)), Changed(114)],
            default
        );
        var line = Assert.Single(
            (await silo.Get<IGroupQueries>().BooksAsync(Group.MerchantId, TestSilo.Evening, default)).Currencies
        );
        Assert.Equal((Amount.Amount, Amount.Amount), (line.Refunding, line.Held));
        Assert.Equal(
            114,
            (await silo.Get<IGroupQueries>().GroupsAsync(new GroupFilter(), null, 1, default)).Items.Single().Sequence
        );

        // Its own newer state does: it is the newest there is.
        await sink.TakeAsync(
            [
                Changed(115, Payment(2, PaymentState.Refunding)),
                Changed(116, Payment(2, PaymentState.Refunded)),
                Changed(117),
            ],
            default
        );
        line = Assert.Single(
            (await silo.Get<IGroupQueries>().BooksAsync(Group.MerchantId, TestSilo.Evening, default)).Currencies
        );
        Assert.Equal((Amount.Amount, Amount.Amount), (line.Refunding, line.Refunded));

        Commit Changed(long sequence, params PaymentEntry[] payments) =>
            new()
            {
                Id = Guid.Empty,
                Shard = Group.Shard,
                Token = new ActivationToken(),
                Actor = Group.Actor,
                Attachment = new ProjectionChange(
                    Group,
                    sequence,
                    new GroupRow(view with { Sequence = sequence }, default, TestSilo.Evening, WithTerms: false),
                    payments
                ),
            };
    }

    private static PaymentEntry Payment(int order, PaymentState state) =>
        new(new OrderId(Group, order), "pay-1", Amount, state, null);
}
