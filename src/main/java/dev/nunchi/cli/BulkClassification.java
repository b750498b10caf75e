package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.Prediction;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Truncation;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// Classifies any number of texts, some batches at a time, so that a file of any size fits.
///
/// Texts that come slowly are answered as they come: a batch is what is there.
///
/// @param batchSize most texts that are run together
record BulkClassification(
    Classifier classifier, Truncation truncation, int batchSize, ClassificationProgress progress) {
  // Enough for every core to have batches, and for texts of near-equal length to meet.
  private static final int BATCHES_AT_A_TIME = 32;
  private static final int MOST_AT_A_TIME = 1 << 16;

  /// One text on its way: encoded, or refused.
  private sealed interface Step {
    record Encoded(String text, Encoding encoding) implements Step {}

    record Refused(Refusal refusal) implements Step {}
  }

  /// Writes an answer for each text, or why there is none, in their order.
  ///
  /// @return how many were refused, and which was the first
  /// @throws NunchiException where the input as a whole cannot be read on; the answers of the texts
  ///   before have been written
  Refusals run(Iterator<InputText> texts, AnswerWriter writer) {
    Refusals refusals = new Refusals();
    int most = (int) Math.min((long) batchSize * BATCHES_AT_A_TIME, MOST_AT_A_TIME);
    try (ReadAhead input = new ReadAhead(texts, most)) {
      for (List<InputText> block = input.next(); !block.isEmpty(); block = input.next()) {
        classify(block, writer, refusals);
      }
    } finally {
      progress.ended();
    }
    return refusals;
  }

  private void classify(List<InputText> block, AnswerWriter writer, Refusals refusals) {
    List<Step> steps = block.parallelStream().map(this::encode).toList();
    List<Encoding> encodings = new ArrayList<>();
    for (Step step : steps) {
      if (step instanceof Step.Encoded encoded) {
        encodings.add(encoded.encoding());
      }
    }
    Iterator<Prediction> predictions = classifier.classifyAll(encodings, batchSize).iterator();
    for (Step step : steps) {
      switch (step) {
        case Step.Encoded encoded -> writer.answer(encoded.text(), predictions.next());
        case Step.Refused(Refusal refusal) -> {
          refusals.add(refusal);
          writer.refusal(refusal);
        }
      }
      refusals.counted();
    }
    progress.advanced(block.size());
  }

  private Step encode(InputText input) {
    return switch (input) {
      case InputText.Unreadable unreadable ->
          new Step.Refused(new Refusal(unreadable.line(), null, unreadable.why()));
      case InputText.Readable readable -> {
        try {
          yield new Step.Encoded(
              readable.text(), classifier.encode(readable.text(), readable.context(), truncation));
        } catch (NunchiException e) {
          String hint =
              e.reason() == Reason.TOO_MANY_TOKENS
                  ? "; --truncation keep-head cuts such texts"
                  : "";
          yield new Step.Refused(
              new Refusal(
                  readable.line(),
                  readable.text(),
                  new NunchiException(
                      e.reason(), readable.place() + ": " + e.getMessage() + hint, e)));
        }
      }
    };
  }
}
