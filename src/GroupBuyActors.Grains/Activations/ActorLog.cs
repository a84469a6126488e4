using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Activations;

/// <summary>What is wrong with actors on a silo, of any kind that says nothing more particular.</summary>
internal static partial class ActorLog
{
    /// <summary>Logs a failure.</summary>
    public static void Report(ILogger log, ActorId actor, ActorFailure failure)
    {
        switch (failure)
        {
            case ActorFailure.Ended ended:
                Ended(log, ended.Cause, actor, ended.Why);
                break;
            case ActorFailure.NotLoaded { IsOfNewerRelease: true } newer:
                OfNewerRelease(log, newer.Cause!, actor);
                break;
            case ActorFailure.NotLoaded broken:
                NotLoaded(log, broken.Cause!, actor);
                break;
            case ActorFailure.NotAccepted sent:
                NotAccepted(log, sent.Cause!, actor);
                break;
            case ActorFailure.DecisionFailed failed:
                DecisionFailed(log, failed.Cause!, actor, failed.Command);
                break;
            case ActorFailure.UnknownTask unknown:
                UnknownTask(log, actor, unknown.Task.Id);
                break;
            case ActorFailure.SnapshotFailed snapshot:
                SnapshotFailed(log, snapshot.Cause!, actor, snapshot.Sequence);
                break;
        }
    }

    [LoggerMessage(1100, LogLevel.Information, "An activation of actor {Actor} ends: {Reason}")]
    private static partial void Ended(ILogger log, Exception? exception, ActorId actor, string reason);

    [LoggerMessage(
        1101,
        LogLevel.Error,
        "Actor {Actor} was written by a newer release than this silo runs; its calls are refused here."
    )]
    private static partial void OfNewerRelease(ILogger log, Exception exception, ActorId actor);

    [LoggerMessage(1102, LogLevel.Error, "Actor {Actor} cannot be loaded; its calls are refused.")]
    private static partial void NotLoaded(ILogger log, Exception exception, ActorId actor);

    [LoggerMessage(1103, LogLevel.Error, "Command {Command} of actor {Actor} failed; a retry will fail, too.")]
    private static partial void DecisionFailed(ILogger log, Exception exception, ActorId actor, string command);

    [LoggerMessage(1104, LogLevel.Warning, "Task {TaskId} is about something that actor {Actor} never had; removed.")]
    private static partial void UnknownTask(ILogger log, ActorId actor, string taskId);

    [LoggerMessage(
        1105,
        LogLevel.Warning,
        "The snapshot of actor {Actor} at sequence {Sequence} was not written; no events are lost."
    )]
    private static partial void SnapshotFailed(ILogger log, Exception exception, ActorId actor, long sequence);

    [LoggerMessage(
        1106,
        LogLevel.Warning,
        "The state of actor {Actor} that another silo sent cannot be used; it is loaded from the database."
    )]
    private static partial void NotAccepted(ILogger log, Exception exception, ActorId actor);
}
