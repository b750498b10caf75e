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
/// @param batchSize most texts that are run together
record BulkClassification(
    Classifier classifier, Truncation truncation, int batchSize, ClassificationProgress progress) {
  // Enough for every core to have batches, and for texts of near-equal length to meet.
  private static final int BATCHES_AT_A_TIME = 32;

  /// Writes an answer for each text, in their order. At a text that is refused the answers of the
  /// texts before it have been written.
  ///
  /// @throws NunchiException naming the text's place
  void run(Iterator<InputText> texts, AnswerWriter writer) {
    List<InputText> block = new ArrayList<>();
    List<Encoding> encodings = new ArrayList<>();
    while (texts.hasNext()) {
      try {
        InputText text = texts.next();
        encodings.add(encode(text));
        block.add(text);
      } catch (NunchiException e) {
        classify(block, encodings, writer);
        throw e;
      }
      if (block.size() == (long) batchSize * BATCHES_AT_A_TIME) {
        classify(block, encodings, writer);
      }
    }
    classify(block, encodings, writer);
    progress.ended();
  }

  private void classify(List<InputText> block, List<Encoding> encodings, AnswerWriter writer) {
    if (block.isEmpty()) {
      return;
    }
    List<Prediction> predictions = classifier.classifyAll(encodings, batchSize);
    for (int i = 0; i < block.size(); i++) {
      writer.write(block.get(i).text(), predictions.get(i));
    }
    progress.advanced(block.size());
    block.clear();
    encodings.clear();
  }

  private Encoding encode(InputText text) {
    try {
      return classifier.encode(text.text(), truncation);
    } catch (NunchiException e) {
      String hint =
          e.reason() == Reason.TOO_MANY_TOKENS ? "; --truncation keep-head cuts such texts" : "";
      throw new NunchiException(e.reason(), text.place() + ": " + e.getMessage() + hint, e);
    }
  }
}
