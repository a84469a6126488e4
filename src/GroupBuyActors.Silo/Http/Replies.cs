using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Http;

/// <summary>Converts replies of groups to HTTP answers.</summary>
internal static class Replies
{
    public static IResult ToResult<T, TDocument>(
        this Reply<T> reply,
        Func<T, TDocument> document,
        Func<T, string>? location = null
    )
        where T : class
    {
        if (!reply.Succeeded)
            return Problem.Of(reply.Refusal);
        var status = reply.Outcome switch
        {
            ReplyOutcome.Created => StatusCodes.Status201Created,
            ReplyOutcome.Accepted => StatusCodes.Status202Accepted,
            _ => StatusCodes.Status200OK,
        };
        var made = status == StatusCodes.Status201Created;
        return JsonAnswer.Of(
            document(reply.Value),
            status,
            made ? location?.Invoke(reply.Value) : null,
            reply.Replayed
        );
    }
}
