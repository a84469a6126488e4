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
                Assert.Single(world.TasksOf(TaskTypes.SuccessSaga));
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
                Assert.Equal(TaskTypes.SuccessSaga, Assert.Single(world.TasksOf(TaskTypes.SuccessSaga)).Type);
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
                Assert.Single(world.TasksOf(TaskTypes.GroupSettle));
            }
        );

    [Fact]
    public void AnEventThatCausedFewerTellsOfNone()
    {
        var world = Scenes.Published();
        Assert.Null(CausedTasks.TypeOf(world.State, world.Journal[^1], 1, world.Settings));
        Assert.Null(CausedTasks.TypeOf(world.State, world.Journal[^1], -1, world.Settings));
    }

    private static void Check(GroupOffer offer, int consequencesPerCommit, Action<World> live)
    {
        var world = new World(new GroupSettings { ConsequencesPerCommit = consequencesPerCommit });
        var scheduled = new List<TimedTask>();
        world.Handled = (_, handling) => scheduled.AddRange(handling.Schedules);
        world.Publish(offer);
        live(world);
        world.RunToTheEnd();
        foreach (var task in scheduled)
        {
            var parts = task.Key.Id.Split(':');
            var caused = world.Journal[int.Parse(parts[^2], System.Globalization.CultureInfo.InvariantCulture) - 1];
            Assert.Equal(
                task.Type,
                CausedTasks.TypeOf(
                    world.State,
                    caused,
                    int.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture),
                    world.Settings
                )
            );
        }
    }
}
