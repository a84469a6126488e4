using GroupBuyActors.Simulation;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Groups;

public sealed class CausedTaskTests
{
    [Fact]
    public void EveryTaskThatALifeScheduledIsToldByItsIdAlone() =>
        Check(
            Scenes.Offer(2, 4),
            500,
            world =>
            {
                world.JoinAll("ann", "bob");
                world.RunDue();
                world.JoinAll("cho", "dan");
                world.PayAll(1, 2, 3);
                world.Pay(1, "twice");
                world.Do(new GroupCommand.EndJoining(null));
                world.Do(new GroupCommand.Cancel(4));
                // Three have paid, stock for two was deducted with the success: settlement deducts what is missing.
                Assert.Single(world.TasksOf(SuccessSaga.TypeName));
            }
        );

    [Fact]
    public void TheDeductionThatTheLastPaymentPlansIsOneOfThem() =>
        Check(
            Scenes.Offer(2, 3),
            500,
            world =>
            {
                world.JoinAll("ann", "bob");
                world.RunDue();
                world.JoinAll("cho");
                world.PayAll(1, 2);
                world.Do(new GroupCommand.EndJoining(null));
                world.Pay(3);
                Assert.Equal(SuccessSaga.TypeName, Assert.Single(world.TasksOf(SuccessSaga.TypeName)).Type);
            }
        );

    [Fact]
    public void WhereConsequencesDidNotFitTheirRestComesFirst() =>
        Check(
            Scenes.Offer(4, 4),
            2,
            world =>
            {
                world.JoinAll("ann", "bob", "cho");
                world.PayAll(1, 2, 3);
                world.Do(new GroupCommand.Withdraw());
                Assert.Single(world.TasksOf(GroupSettle.TypeName));
            }
        );

    [Fact]
    public void AnEventThatCausedFewerTellsOfNone()
    {
        var world = Scenes.Published();
        Assert.False(CausedTasks.Has(world.State, world.Journal[^1], GroupDeadline.TypeName, 1, world.Settings));
        Assert.False(CausedTasks.Has(world.State, world.Journal[^1], OrderClose.TypeName, 0, world.Settings));
    }

    private static void Check(GroupTermsRequest termsRequest, int consequencesPerCommit, Action<World> live)
    {
        var world = new World(new GroupSettings { FanOutPerCommit = consequencesPerCommit });
        var scheduled = new List<TimedTask>();
        world.Handled = (_, result) => scheduled.AddRange(result.Schedules);
        world.Publish(termsRequest);
        live(world);
        world.RunToTheEnd();
        foreach (var task in scheduled)
        {
            Assert.True(TaskIds.TryGetCause(task.Key.Id, out var cause));
            Assert.Equal((world.Id.Actor, task.Type), (cause.Actor, cause.Type));
            var caused = world.Journal[(int)cause.Sequence - 1];
            Assert.True(CausedTasks.Has(world.State, caused, cause.Type, cause.Number, world.Settings));
        }
    }
}
