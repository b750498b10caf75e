package dev.nunchi.infer;

import dev.nunchi.text.Encoding;
import dev.nunchi.text.Span;
import dev.nunchi.text.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// A text without one of its parts: how far the score falls shows what that part did (Zeiler and
/// Fergus, 2014, <https://arxiv.org/abs/1311.2901>, who cover parts of images).
///
/// Parts are words, which white space separates, punctuation included. More than [#MAX_COUNT] words
/// are taken together with their neighbours, about as many in each part; a text of a single word is
/// taken apart into its tokens. The part's tokens are taken out of the encoding, the others and the
/// context stay as they are: nothing is tokenised again, and nothing that truncation cut comes
/// back. The part of a text of one token leaves the special tokens alone, and is no part where
/// there are none.
///
/// @param span the part, in the text as the caller sent it
/// @param rest the encoding without the part
public record Occlusion(Span span, Encoding rest) {
  /// Most parts of a text, and so most runs beside that of the whole.
  public static final int MAX_COUNT = 24;

  /// Neighbouring tokens.
  private record Part(Span span, int from, int to) {
    Part upTo(Part last) {
      return new Part(new Span(span.start(), last.span.end()), from, last.to);
    }
  }

  /// How many parts a text has at most, known before it is encoded.
  static int most(String text) {
    int words = Words.count(text, MAX_COUNT);
    return words > 1 ? words : Math.min(text.length(), MAX_COUNT);
  }

  /// The text without each of its parts, in their order.
  static List<Occlusion> of(String text, Encoding encoding) {
    List<Part> words = words(text, encoding);
    return merged(words.size() == 1 ? tokens(encoding) : words, most(text)).stream()
        .map(part -> new Occlusion(part.span(), without(encoding, part)))
        .filter(occlusion -> occlusion.rest().length() > 0)
        .toList();
  }

  /// Words of which the network reads a token.
  private static List<Part> words(String text, Encoding encoding) {
    List<Part> words = new ArrayList<>();
    for (Part token : tokens(encoding)) {
      if (words.isEmpty() || token.span().start() >= words.getLast().span().end()) {
        words.add(new Part(Words.at(text, token.span().start()), token.from(), token.to()));
      } else {
        Part word = words.removeLast();
        words.add(new Part(word.span(), word.from(), token.to()));
      }
    }
    return words;
  }

  /// Tokens of the text; those that share a character are one.
  private static List<Part> tokens(Encoding encoding) {
    List<Part> tokens = new ArrayList<>();
    for (int i = 0; i < encoding.contextStart(); i++) {
      Span span = encoding.spans().get(i);
      if (span.isEmpty()) {
        continue;
      }
      Part token = new Part(span, i, i + 1);
      boolean shares = !tokens.isEmpty() && span.start() < tokens.getLast().span().end();
      tokens.add(shares ? tokens.removeLast().upTo(token) : token);
    }
    return tokens;
  }

  private static List<Part> merged(List<Part> parts, int most) {
    int count = Math.min(parts.size(), most);
    return IntStream.range(0, count)
        .mapToObj(i ->
            parts.get(i * parts.size() / count).upTo(parts.get((i + 1) * parts.size() / count - 1)))
        .toList();
  }

  private static Encoding without(Encoding encoding, Part part) {
    int[] kept =
        IntStream.range(0, encoding.length())
            .filter(i -> i < part.from() || i >= part.to())
            .toArray();
    return new Encoding(
        IntStream.of(kept).map(i -> encoding.inputIds()[i]).toArray(),
        IntStream.of(kept).map(i -> encoding.tokenTypeIds()[i]).toArray(),
        IntStream.of(kept).mapToObj(encoding.spans()::get).toList(),
        kept.length,
        0,
        encoding.truncated());
  }
}
