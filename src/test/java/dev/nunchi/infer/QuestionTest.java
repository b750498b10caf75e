package dev.nunchi.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Span;
import dev.nunchi.text.Truncation;
import java.util.List;
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
