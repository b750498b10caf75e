package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.infer.Prediction;
import dev.nunchi.infer.TinyModel;
import dev.nunchi.text.Truncation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BulkClassificationTest {
  private static final int MOST_AT_A_TIME = 32;

  @Test
  void run_thatFails_endsTheLineOfItsProgress(@TempDir Path directory) {
    StringWriter shown = new StringWriter();
    ClassificationProgress progress =
        new ClassificationProgress(
            new PrintWriter(shown), () -> 80, System::nanoTime, OptionalInt.empty());
    Iterator<InputText> texts =
        IntStream.range(0, 2 * MOST_AT_A_TIME)
            .<InputText>mapToObj(i -> new InputText.Readable(i + 1, "line " + (i + 1), "좋아요"))
            .iterator();
    try (LoadedModel model =
        ModelLoader.load(TinyModel.write(directory.resolve("tiny")), LoadOptions.DEFAULT)) {
      BulkClassification bulk =
          new BulkClassification(model.classifier(), Truncation.REJECT, 1, progress);
      assertThrows(IllegalStateException.class, () -> bulk.run(texts, new FullDisk()));
    }
    assertTrue(shown.toString().endsWith(" texts/s" + System.lineSeparator()), shown::toString);
  }

  /// Takes the answers of the first block and no more.
  private static final class FullDisk implements AnswerWriter {
    private int answers;

    @Override
    public void answer(String text, Prediction prediction) {
      if (++answers > MOST_AT_A_TIME) {
        throw new IllegalStateException("full");
      }
    }

    @Override
    public void refusal(Refusal refusal) {
      throw refusal.why();
    }
  }
}
