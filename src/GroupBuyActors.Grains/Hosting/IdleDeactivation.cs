namespace GroupBuyActors.Hosting;

/// <summary>
/// Deactivates an activation without state, such as that of an unknown id, when it was not called for a short time. It
/// is not deactivated with the answer: calls that wait for a leaving activation are forwarded to the next one, and a
/// call that is forwarded twice is refused.
/// </summary>
internal sealed class IdleDeactivation(IGrainBase grain, Func<bool> keepsSomething, TimeProvider time)
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);
    private IGrainTimer? _timer;
    private long _touchedAt;

    /// <summary>True once the activation was asked to deactivate; only calls in progress are still answered.</summary>
    public bool IsLeaving { get; private set; }

    /// <summary>Called in a turn of the grain when it was called and has no state.</summary>
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
