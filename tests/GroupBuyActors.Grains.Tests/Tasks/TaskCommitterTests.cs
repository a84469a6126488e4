using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Setting;

namespace GroupBuyActors.Tasks;

/// <summary>Commits of tasks alone.</summary>
public sealed class TaskCommitterTests
{
    // More than the queue of a lane holds.
    private const int TriesCount = 20_001;

    /// <summary>
    /// A reservation that is not released is missing for ever: at last every commit of its lane is refused.
    /// </summary>
    [Fact]
    public async Task ACommitThatIsTooLargeReleasesItsReservation()
    {
        await using var silo = await TestSilo.StartAsync();
        var committer = silo.Get<TaskCommitter>();
        var group = GroupId.Parse("10042.SH-PUDONG.tea-1123");
        var due = silo.Time.GetUtcNow().AddDays(1);
        var task = Notify.Type.CausedBy(group.Actor, 1, due, new NotifyTask(1, "user", "success"));
        var large = task with { Payload = new byte[silo.Get<ICommitter>().CommitBytesMax] };
        for (var tries = 1; tries <= TriesCount; tries++)
            await Assert.ThrowsAsync<CommitTooLargeException>(() => CommitAsync(large));
        Assert.True(await CommitAsync(task));

        Task<bool> CommitAsync(TimedTask scheduled) =>
            committer.CommitAsync(new TaskRun(task.Key, 1), new TaskChanges { Schedules = [scheduled] });
    }
}
