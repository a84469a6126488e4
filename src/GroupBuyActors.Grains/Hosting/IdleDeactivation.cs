namespace GroupBuyActors.Hosting;

/// <summary>
/// Ends an activation that keeps nothing, as one of a made-up id does, once nobody has asked it for a moment. Not with
/// the answer: what waits for an activation that leaves is sent on to the next one, and a call that is sent on twice is
/// refused.
/// </summary>
internal sealed class IdleDeactivation(IGrainBase grain, Func<bool> keepsSomething, TimeProvider time)
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);
    private IGrainTimer? _timer;
    private long _touchedAt;

    /// <summary>True once it has been told to leave: calls that were under way by then are its last.</summary>
    public bool IsLeaving { get; private set; }

    /// <summary>Called in a turn of the grain, where it was asked and keeps nothing.</summary>
    public void Touched()
    {
        _touchedAt = time.GetTimestamp();
        _timer ??= grain.RegisterGrainTimer(
            static (leave, _) => leave.DeactivateIfIdle(),
            this,
            new GrainTimerCreationOptions(Idle, Idle) { Interleave = true }
        );
    }

    private Task DeactivateIfIdle()
    {
        if (keepsSomething())
        {
            _timer?.Dispose();
            _timer = null;
        }
        else if (time.GetElapsedTime(_touchedAt) >= Idle)
        {
            IsLeaving = true;
            grain.DeactivateOnIdle();
        }

        return Task.CompletedTask;
    }
}
