using GroupBuyActors.Activations;

namespace GroupBuyActors.Groups;

/// <summary>The answer of a command: the group or one of its orders; for most tasks' commands nothing.</summary>
internal readonly record struct GroupAnswer
{
    private readonly object? _view;

    private GroupAnswer(object? view, ReplyOutcome how) => (_view, How) = (view, how);

    /// <summary>True if there is no answer.</summary>
    public bool IsNothing => _view is null;

    public ReplyOutcome How { get; }

    /// <summary>The group, if it is the answer.</summary>
    public GroupView? Group => _view as GroupView;

    /// <summary>The order, if one is the answer.</summary>
    public OrderView? Order => _view as OrderView;

    public static GroupAnswer Of(GroupView? view, ReplyOutcome how) => new(view, how);

    public static GroupAnswer Of(OrderView view, ReplyOutcome how) => new(view, how);

    /// <summary>The answer as the outcome of a command.</summary>
    public Outcome.Accepted Accept(bool replayed = false) =>
        _view switch
        {
            OrderView order => Accept(order, replayed),
            GroupView group => Accept(group, replayed),
            _ => Outcome.Done,
        };

    private Outcome.Accepted<Reply<T>> Accept<T>(T view, bool replayed)
        where T : class =>
        new(
            new Reply<T>
            {
                Value = view,
                Outcome = How,
                Replayed = replayed,
            }
        );
}
