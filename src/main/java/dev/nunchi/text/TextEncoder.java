package dev.nunchi.text;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Makes the [Encoding] of a text: normalises it, asks Hugging Face's own tokenizer for the ids, or
/// where tokens are single characters [CharacterEncoder], and cuts what is too long as the caller
/// said.
///
/// Every token is counted before any is cut. Special tokens that the file's template adds stay in
/// place through every cut.
///
/// Safe for many threads. [#close] waits for the tokenizer's encodings under way; calls after it
/// fail with [IllegalStateException].
public final class TextEncoder implements Encoder {
  private final Normalizer normalizer;
  private final int maxLength;
  private final TokenizerFile file;
  private final LibraryTokenizer tokenizer;
  private final int specialTokens;

  private TextEncoder(
      Normalizer normalizer,
      int maxLength,
      TokenizerFile file,
      LibraryTokenizer tokenizer,
      int specialTokens) {
    this.normalizer = normalizer;
    this.maxLength = maxLength;
    this.file = file;
    this.tokenizer = tokenizer;
    this.specialTokens = specialTokens;
  }

  /// Where tokens are single characters, the library is left until a text needs it; any other
  /// tokenizer is opened at once, so that one it does not take is refused here.
  ///
  /// @param path a `tokenizer.json`, or a Hugging Face directory with one; a directory (or file)
  ///   with a BERT `vocab.txt` or a SentencePiece model does too
  /// @param maxLength longest encoding in tokens, special tokens included
  /// @throws NunchiException `INVALID_MODEL` if the file is missing or damaged, `INVALID_ARGUMENT`
  ///   if `maxLength` leaves no room beside the special tokens, `IO_FAILURE` or `UNAVAILABLE` if
  ///   the native library cannot be unpacked or loaded
  public static TextEncoder open(Path path, Normalizer normalizer, int maxLength) {
    TokenizerFile file = TokenizerFile.read(path);
    LibraryTokenizer tokenizer = new LibraryTokenizer(file);
    try {
      int specialTokens =
          file.characters() == null
              ? tokenizer.encode("", null).getIds().length
              : CharacterEncoder.SPECIAL_TOKENS;
      if (maxLength <= specialTokens) {
        throw new NunchiException(
            Reason.INVALID_ARGUMENT,
            "the maximum length is %d tokens; with the %d special tokens it is at least %d"
                .formatted(maxLength, specialTokens, specialTokens + 1));
      }
      return new TextEncoder(normalizer, maxLength, file, tokenizer, specialTokens);
    } catch (NunchiException e) {
      tokenizer.close();
      throw e;
    }
  }

  /// The `tokenizer.json` of a directory or, where it has a `vocab.txt` or a SentencePiece model
  /// alone, the one that stands for it.
  ///
  /// @throws NunchiException `INVALID_MODEL` where there is none of them
  public static String tokenizerJson(Path directory) {
    return TokenizerFile.read(directory).json();
  }

  public Normalizer normalizer() {
    return normalizer;
  }

  @Override
  public int maxLength() {
    return maxLength;
  }

  /// Special tokens in the encoding of a text alone.
  public int specialTokens() {
    return specialTokens;
  }

  /// Tokens of the vocabulary, added tokens included.
  public int vocabularySize() {
    return file.vocabulary().size();
  }

  /// The id of a token as the vocabulary spells it, for example `[PAD]`.
  public OptionalInt tokenId(String token) {
    Integer id = file.vocabulary().get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /// The encoding of a text alone.
  ///
  /// @throws NunchiException as [#encode(String, String, Truncation)]
  public Encoding encode(String text, Truncation truncation) {
    return encode(text, null, truncation);
  }

  /// The encoding of a text with a context, which the tokenizer's template for two sequences joins
  /// (`[CLS] text [SEP] context [SEP]` with BERT's). Where the two are too long together, the
  /// context gives way first.
  ///
  /// @param context null for none; a blank one is none
  /// @throws NunchiException `EMPTY_TEXT` if the text has no character left to classify,
  ///   `TOO_MANY_TOKENS` if it has too many and `truncation` is `REJECT`; `IO_FAILURE` or
  ///   `UNAVAILABLE` if it is the first that needs the native library, which cannot be unpacked or
  ///   loaded
  public Encoding encode(String text, @Nullable String context, Truncation truncation) {
    NormalizedText normalized = normalize(text);
    NormalizedText second = context == null ? null : normalizer.normalize(context);
    if (second != null && Normalizer.isEmpty(second.text())) {
      second = null;
    }
    if (second == null && file.characters() != null) {
      tokenizer.requireOpen();
      @Nullable Encoding whole = file.characters().encode(normalized);
      if (whole != null) {
        return cut(whole, truncation);
      }
    }
    ai.djl.huggingface.tokenizers.Encoding tokens =
        tokenizer.encode(
            Surrogates.pair(normalized.text()),
            second == null ? null : Surrogates.pair(second.text()));
    return finish(tokens, normalized, second, truncation);
  }

  /// The encodings of many texts, in order; each the same as [#encode] gives it alone. Uses the
  /// common pool of threads.
  ///
  /// @throws NunchiException as [#encode(String, String, Truncation)], for one of the texts
  public List<Encoding> encodeAll(List<String> texts, Truncation truncation) {
    return texts.parallelStream().map(text -> encode(text, truncation)).toList();
  }

  /// Refuses a text without a character to classify, at next to no cost: what [#encode] also does.
  ///
  /// @throws NunchiException `EMPTY_TEXT`
  public static void requireContent(String text) {
    if (Normalizer.isEmpty(text)) {
      throw empty();
    }
  }

  private NormalizedText normalize(String text) {
    NormalizedText normalized = Normalizer.isEmpty(text) ? null : normalizer.normalize(text);
    if (normalized == null || normalized.text().isBlank()) {
      throw empty();
    }
    return normalized;
  }

  private static NunchiException empty() {
    return NunchiException.ofField(
        Reason.EMPTY_TEXT, "text", "text is empty, or blank once it is normalised");
  }

  private Encoding finish(
      ai.djl.huggingface.tokenizers.Encoding tokens,
      NormalizedText text,
      @Nullable NormalizedText context,
      Truncation truncation) {
    long[] ids = tokens.getIds();
    long[] sequences = tokens.getSequenceIds();
    int textTokens = 0;
    for (long sequence : sequences) {
      textTokens += sequence == 0 ? 1 : 0;
    }
    if (textTokens == 0) {
      throw empty();
    }
    if (ids.length > maxLength && truncation == Truncation.REJECT) {
      throw tooMany(context == null ? "text has" : "text and context have", ids.length);
    }
    int[] kept = Cut.of(sequences, maxLength, truncation);
    int[] inputIds = new int[kept.length];
    int[] tokenTypeIds = new int[kept.length];
    Span[] spans = new Span[kept.length];
    int unknown = 0;
    int contextStart = kept.length;
    CharSpan[] characters = tokens.getCharTokenSpans();
    CodePoints textPlaces = new CodePoints(text);
    CodePoints contextPlaces = context == null ? textPlaces : new CodePoints(context);
    for (int i = 0; i < kept.length; i++) {
      int token = kept[i];
      inputIds[i] = number(ids[token]);
      tokenTypeIds[i] = number(tokens.getTypeIds()[token]);
      unknown += inputIds[i] == file.unknownId() ? 1 : 0;
      if (sequences[token] == 1 && contextStart == kept.length) {
        contextStart = i;
      }
      CodePoints places = sequences[token] == 1 ? contextPlaces : textPlaces;
      spans[i] = sequences[token] < 0 ? Span.NONE : places.span(characters[token]);
    }
    return new Encoding(
        inputIds,
        tokenTypeIds,
        List.of(spans),
        ids.length,
        unknown,
        kept.length < ids.length,
        contextStart);
  }

  /// @param number of a token, or of a kind of them; the library has them without a sign
  private int number(long number) {
    if (number < 0 || number > Integer.MAX_VALUE) {
      throw TokenizerFile.damaged(
          file.path(),
          "numbers tokens with %d, which is more than there are".formatted(number),
          null);
    }
    return (int) number;
  }

  /// @param whole of a text alone, a special token at either end
  private Encoding cut(Encoding whole, Truncation truncation) {
    int length = whole.length();
    if (length == specialTokens) {
      throw empty();
    }
    if (length <= maxLength) {
      return whole;
    }
    if (truncation == Truncation.REJECT) {
      throw tooMany("text has", length);
    }
    long[] sequences = new long[length];
    sequences[0] = -1;
    sequences[length - 1] = -1;
    int[] kept = Cut.of(sequences, maxLength, truncation);
    int[] ids = IntStream.of(kept).map(i -> whole.inputIds()[i]).toArray();
    return new Encoding(
        ids,
        new int[kept.length],
        IntStream.of(kept).mapToObj(whole.spans()::get).toList(),
        length,
        (int) IntStream.of(ids).filter(id -> id == file.unknownId()).count(),
        true);
  }

  private NunchiException tooMany(String what, int tokens) {
    return NunchiException.ofField(
        Reason.TOO_MANY_TOKENS,
        "text",
        "%s %d tokens; the model takes at most %d".formatted(what, tokens, maxLength));
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
