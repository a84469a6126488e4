using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace GroupBuyActors.Store.Databases;

/// <summary>SQL that is inserted as text, where <see cref="SqlText"/> would otherwise make a parameter of it.</summary>
internal readonly record struct Raw(string Text);

/// <summary>
/// SQL written as an interpolated string. Each hole becomes a parameter; only numbers and ids, which need no escape,
/// become part of the text. Holes of type <see cref="Raw"/> and <see cref="SqlText"/> are inserted as text.
/// </summary>
[InterpolatedStringHandler]
internal sealed class SqlText
{
    private readonly StringBuilder _text;
    private readonly List<object?> _values;

    public SqlText()
        : this(256, 4) { }

    public SqlText(int literalLength, int formattedCount)
    {
        _text = new StringBuilder(literalLength + formattedCount * 4);
        _values = new List<object?>(formattedCount);
    }

    public int Length => _text.Length;

    public void AppendLiteral(string text) => _text.Append(text);

    public void AppendFormatted(Raw raw) => _text.Append(raw.Text);

    public void AppendFormatted(SqlText inner) => Append(inner);

    /// <summary>
    /// A number is safe as text. It is no parameter, because statements are sent together by the hundred.
    /// </summary>
    public void AppendFormatted(long number) => _text.Append(CultureInfo.InvariantCulture, $"{number}");

    public void AppendFormatted(int number) => _text.Append(CultureInfo.InvariantCulture, $"{number}");

    public void AppendFormatted(long? number)
    {
        if (number is { } given)
            AppendFormatted(given);
        else
            _text.Append("null");
    }

    /// <summary>Ids are safe as text, too: they contain neither quotes nor backslashes.</summary>
    public void AppendFormatted(GroupId id) => _text.Append('\'').Append(id.Value).Append('\'');

    public void AppendFormatted(ActorId id) => _text.Append('\'').Append(id.ToString()).Append('\'');

    public void AppendFormatted(OrderId id) =>
        _text
            .Append('\'')
            .Append(id.Group.Value)
            .Append('.')
            .Append(CultureInfo.InvariantCulture, $"{id.Number}")
            .Append('\'');

    public void AppendFormatted<T>(T value)
    {
        _text.Append("@p").Append(_values.Count.ToString(CultureInfo.InvariantCulture));
        _values.Add(value);
    }

    /// <summary>Appends another text; its parameters are renumbered.</summary>
    public SqlText Append(SqlText more)
    {
        var shift = _values.Count;
        if (shift == 0 || more._values.Count == 0)
            _text.Append(more._text);
        else
            AppendShifted(more._text.ToString(), shift);
        _values.AddRange(more._values);
        return this;
    }

    public static SqlText Join(string separator, IEnumerable<SqlText> parts)
    {
        var joined = new SqlText();
        var first = true;
        foreach (var part in parts)
        {
            if (!first)
                joined.AppendLiteral(separator);
            joined.Append(part);
            first = false;
        }

        return joined;
    }

    /// <summary>A list of integers for <c>in (…)</c>.</summary>
    public static Raw Numbers(IEnumerable<int> numbers) => new(string.Join(',', numbers));

    /// <summary>A list of values for <c>in (…)</c>.</summary>
    public static SqlText Values<T>(IEnumerable<T> values) =>
        Join(",", values.Select(value => new SqlText().With(value)));

    public void ApplyTo(DbCommand command)
    {
        command.CommandText = _text.ToString();
        for (var i = 0; i < _values.Count; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@p" + i.ToString(CultureInfo.InvariantCulture);
            parameter.Value = _values[i] ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }
    }

    public override string ToString() => _text.ToString();

    private SqlText With<T>(T value)
    {
        AppendFormatted(value);
        return this;
    }

    private void AppendShifted(string text, int shift)
    {
        for (var at = 0; at < text.Length; )
        {
            var next = text.IndexOf("@p", at, StringComparison.Ordinal);
            if (next < 0)
            {
                _text.Append(text, at, text.Length - at);
                return;
            }

            var end = next + 2;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
                end++;
            _text.Append(text, at, next + 2 - at);
            _text.Append(
                (
                    int.Parse(text.AsSpan(next + 2, end - next - 2), NumberStyles.None, CultureInfo.InvariantCulture)
                    + shift
                ).ToString(CultureInfo.InvariantCulture)
            );
            at = end;
        }
    }
}
