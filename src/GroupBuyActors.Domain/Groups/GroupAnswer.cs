using GroupBuyActors.Activations;

namespace GroupBuyActors.Groups;

/// <summary>What a command's answer shows: the group or one of its orders; of most tasks' commands nothing.</summary>
internal readonly record struct GroupAnswer
{
    private readonly object? _view;

    private GroupAnswer(object? view, ReplyOutcome how) => (_view, How) = (view, how);

    /// <summary>True where nothing is shown.</summary>
    public bool IsNothing => _view is null;

    /// <summary>How it went.</summary>
    public ReplyOutcome How { get; }

    /// <summary>The group, where it is shown.</summary>
    public GroupView? Group => _view as GroupView;

    /// <summary>The order, where one is shown.</summary>
    public OrderView? Order => _view as OrderView;

    public static GroupAnswer Of(GroupView? view, ReplyOutcome how) => new(view, how);

    public static GroupAnswer Of(OrderView view, ReplyOutcome how) => new(view, how);

    /// <summary>As the outcome of a command.</summary>
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
