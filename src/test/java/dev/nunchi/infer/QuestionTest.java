package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Span;
import dev.nunchi.text.Truncation;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class QuestionTest {
  private static final String TEXT = "좋은 영화";

  /// `[CLS]`, a token for each word, `[SEP]`.
  private static final Encoder ENCODER =
      (text, context, truncation) ->
          new Encoding(
              new int[] {2, 5, 6, 3},
              new int[4],
              List.of(Span.NONE, new Span(0, 2), new Span(3, 5), Span.NONE),
              4,
              0,
              false);

  private final TokenEstimate estimate = new TokenEstimate();

  @Test
  void inputs_onceEncoded_haveTheirOwnLengths() {
    Question question = new Question(ENCODER, TEXT, null, Truncation.REJECT, true);
    List<RunInput> inputs = question.inputs();
    question.prepare();
    assertEquals(List.of(4, 3, 3), inputs.stream().map(input -> input.tokens(estimate)).toList());
  }

  @Test
  void isLight_shortTextWithoutTheLibrarysNames_isTrue() {
    assertTrue(isLight(TEXT, null));
    assertTrue(isLight("가".repeat(1_000), null));
    assertFalse(isLight("가".repeat(1_001), null));
    assertFalse(isLight(TEXT, "맥락"));
    assertFalse(isLight("좋은 [SEP] 영화", null));
  }

  @Test
  void isLight_onceEncoded_isTrue() {
    Question question = new Question(ENCODER, "[CLS]".repeat(300), null, Truncation.REJECT, false);
    RunInput input = question.inputs().getFirst();
    assertFalse(input.isLight());
    question.encoding();
    assertTrue(input.isLight());
  }

  private static boolean isLight(String text, @Nullable String context) {
    return new Question(ENCODER, text, context, Truncation.REJECT, false)
        .inputs()
        .getFirst()
        .isLight();
  }

  /// A place is kept for each letter of a single word, and this one is a single token.
  @Test
  void inputs_ofPartsThatThereAreNot_areNothing() {
    Encoder oneToken =
        (text, context, truncation) ->
            new Encoding(
                new int[] {2, 5, 3},
                new int[3],
                List.of(Span.NONE, new Span(0, 2), Span.NONE),
                3,
                0,
                false);
    List<RunInput> inputs = new Question(oneToken, "좋다", null, Truncation.REJECT, true).inputs();
    assertEquals(3, inputs.size());
    assertNull(inputs.getLast().encoding());
    assertEquals(0, inputs.getLast().tokens(estimate));
  }
}
