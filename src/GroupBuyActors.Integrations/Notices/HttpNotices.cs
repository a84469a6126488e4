using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Integrations.Notices;

/// <summary>The adapter of the notice service; its contract is <c>deploy/contracts/notices.openapi.yaml</c>.</summary>
internal sealed class HttpNotices(HttpPort port) : INotices
{
    private static readonly HttpPortCall Send = new("notice", "notices", "notice.refused", "recipient.unknown");

    public Task<PortReply> SendAsync(
        string key,
        OrderId order,
        string userId,
        string kind,
        CancellationToken cancellation
    ) =>
        port.SendAsync(
            Send,
            key,
            new NoticeDocument(order.ToString(), userId, kind),
            NoticeJson.Default.NoticeDocument,
            cancellation
        );
}

internal sealed record NoticeDocument(string OrderId, string UserId, string Kind);
