package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.train.BestMetric;
import dev.nunchi.train.SeedResults;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SeedTableTest {
  @Test
  void text_twoSeeds_hasMeanDeviationAndTheBest() {
    SeedResults results =
        new SeedResults(
            BestMetric.MACRO_F1,
            List.of(
                new SeedResults.OfSeed(
                    42, Path.of("out/seed-42"), Map.of("macro_f1", 0.5, "loss", 1.0)),
                new SeedResults.OfSeed(1, Path.of("out/seed-1"), Map.of("macro_f1", 0.75))));
    assertEquals(
        """
        seed          macro_f1        loss
        42              0.5000      1.0000
        1               0.7500           -
        mean            0.6250      1.0000
        deviation       0.1768           -
        The best by macro_f1 on validation is seed 1, in out/seed-1
        """,
        new SeedTable(results).text());
  }

  @Test
  void train_seedSaidTwice_isAUsageError() {
    String err = usageError("--seeds", "1,2", "--set", "seed=3");
    assertTrue(err.contains("both say the seed"), err);
  }

  @Test
  void train_deviceSaidTwice_isAUsageError() {
    String err = usageError("--set", "device=cuda", "--device", "cpu");
    assertTrue(
        err.contains("--device cpu and --set device=cuda both say the device; give one"), err);
  }

  /// What a training with these options says of them.
  private static String usageError(String... options) {
    List<String> arguments =
        new ArrayList<>(List.of("train", "--recipe", "ngrams", "--data", "d", "--output", "o"));
    arguments.addAll(List.of(options));
    StringWriter err = new StringWriter();
    assertEquals(2, InProcess.run(err, err, arguments.toArray()));
    return err.toString();
  }
}
