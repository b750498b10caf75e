package dev.nunchi.infer;

import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Truncation;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A text as it is queued: checked as far as that costs next to nothing, and encoded by whoever
/// runs it, as a rule a worker. So one that is refused, or expires while it waits, costs no
/// tokenising, and an event loop does it for short texts alone: for a model whose texts are run
/// together by their lengths as soon as one is accepted, and where it runs n-grams itself.
///
/// It is encoded once, whoever asks, and fails alike each time. Safe for several threads.
public final class Question {
  /// Code units that are encoded in a fraction of a millisecond.
  private static final int SHORT = 1_000;

  private final Encoder encoder;
  private final String text;
  private final @Nullable String context;
  private final Truncation truncation;
  private final int mostOcclusions;
  private volatile @Nullable Encoded encoded;

  /// What came of encoding it.
  ///
  /// @param failure null where it is encoded
  private record Encoded(
      @Nullable Encoding encoding,
      List<Occlusion> occlusions,
      @Nullable RuntimeException failure) {}

  /// @param context null for none
  /// @param evidence whether to run it without each of its parts too
  Question(
      Encoder encoder,
      String text,
      @Nullable String context,
      Truncation truncation,
      boolean evidence) {
    this.encoder = encoder;
    this.text = text;
    this.context = context;
    this.truncation = truncation;
    this.mostOcclusions = evidence ? Occlusion.most(text) : 0;
  }

  /// The tokens of the whole text.
  ///
  /// @throws dev.nunchi.NunchiException as [Classifier#encode]
  public Encoding encoding() {
    Encoded all = encoded();
    if (all.failure() != null) {
      throw all.failure();
    }
    if (all.encoding() == null) {
      throw new IllegalStateException("Neither encoded nor failed");
    }
    return all.encoding();
  }

  /// What is run beside it to find the evidence; empty unless asked for.
  List<Occlusion> occlusions() {
    return encoded().occlusions();
  }

  /// Encodes it now, whatever comes of that, unless it is so long that the caller's thread had
  /// better do something else, and nobody gains from its company.
  ///
  /// @return whether this did it, and not a worker meanwhile
  boolean prepare() {
    if (units() > SHORT) {
      return false;
    }
    synchronized (this) {
      if (encoded != null) {
        return false;
      }
      encoded = encode();
      return true;
    }
  }

  /// How many places of the queue it needs: one for each part that it may have.
  public int runCount() {
    return 1 + mostOcclusions;
  }

  /// What is to be run, the whole text first. Of the others those are nothing that there turn out
  /// not to be.
  List<RunInput> inputs() {
    return IntStream.rangeClosed(0, mostOcclusions)
        .<RunInput>mapToObj(number -> new Part(this, number))
        .toList();
  }

  private Encoded encoded() {
    Encoded known = encoded;
    if (known != null) {
      return known;
    }
    synchronized (this) {
      known = encoded;
      if (known == null) {
        known = encode();
        encoded = known;
      }
      return known;
    }
  }

  private Encoded encode() {
    try {
      Encoding whole = encoder.encode(text, context, truncation);
      return new Encoded(whole, mostOcclusions == 0 ? List.of() : Occlusion.of(text, whole), null);
    } catch (RuntimeException e) {
      return new Encoded(null, List.of(), e);
    }
  }

  /// Whether it is short, and without what needs the tokenizer's own library: a context, or the
  /// name of a special token, as `[SEP]`.
  private boolean isLight() {
    return context == null && text.length() <= SHORT && text.indexOf('[') < 0;
  }

  private int units() {
    return text.length() + (context == null ? 0 : context.length());
  }

  /// One run of a question.
  ///
  /// @param number 0 for the whole text, then those of its occlusions
  private record Part(Question question, int number) implements RunInput {
    @Override
    public int tokens(TokenEstimate estimate) {
      @Nullable Encoding whole = known();
      if (whole == null) {
        return estimate.tokens(question.units(), question.encoder.maxLength());
      }
      if (number == 0) {
        return whole.length();
      }
      @Nullable Encoding rest = encoding();
      return rest == null ? 0 : rest.length();
    }

    @Override
    public boolean isEncoded() {
      return known() != null;
    }

    @Override
    public boolean isLight() {
      return isEncoded() || question.isLight();
    }

    @Override
    public @Nullable Encoding encoding() {
      if (number == 0) {
        return question.encoding();
      }
      List<Occlusion> occlusions = question.occlusions();
      return number <= occlusions.size() ? occlusions.get(number - 1).rest() : null;
    }

    @Override
    public void teach(TokenEstimate estimate) {
      @Nullable Encoding whole = known();
      if (number == 0 && whole != null) {
        estimate.observe(question.units(), whole.tokenCount());
      }
    }

    private @Nullable Encoding known() {
      Encoded all = question.encoded;
      return all == null ? null : all.encoding();
    }
  }
}
