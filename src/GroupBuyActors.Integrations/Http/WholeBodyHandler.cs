using System.Buffers;

namespace GroupBuyActors.Integrations.Http;

/// <summary>An answer is longer than allowed.</summary>
internal sealed class AnswerTooLongException(int bytesMax) : Exception($"The answer is longer than {bytesMax} bytes.");

/// <summary>
/// Reads an answer completely before it is returned, up to a number of bytes. It is inside the retries, so that a
/// connection that breaks or stalls within a body fails the try.
/// </summary>
internal sealed class WholeBodyHandler(int bytesMax) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            var body = await ReadAsync(response.Content, cancellationToken).ConfigureAwait(false);
            var whole = new ByteArrayContent(body);
            whole.Headers.ContentType = response.Content.Headers.ContentType;
            response.Content.Dispose();
            response.Content = whole;
            return response;
        }
        catch (Exception e)
        {
            // Closes the connection, because the rest of the answer is not read.
            response.Dispose();
            if (e is IOException)
                throw new HttpRequestException("The answer was cut off.", e);
            throw;
        }
    }

    private async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength > bytesMax)
            throw new AnswerTooLongException(bytesMax);
        using var body = new MemoryStream((int)(content.Headers.ContentLength ?? 0));
        await using var stream = await content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and var read)
            {
                if (body.Length + read > bytesMax)
                    throw new AnswerTooLongException(bytesMax);
                body.Write(buffer, 0, read);
            }

            return body.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
