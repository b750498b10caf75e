package dev.nunchi.infer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.export.ExportOptions;
import dev.nunchi.export.OnnxExporter;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.Probe;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A model directory of the tests, exported from the tiny BERT checkpoint: three labels, at most 24
/// tokens, and a probe with the logits of transformers.
public final class TinyModel {
  /// Its labels, with the polarities that the checkpoint cannot say.
  public static final LabelSet LABELS =
      new LabelSet(List.of(Label.of("부정", -1), Label.of("중립", 0), Label.of("긍정", 1)));

  private TinyModel() {}

  /// Writes the directory and returns it.
  public static Path write(Path directory) {
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(TinyCheckpoint.BERT.path())) {
      Manifest exported =
          new OnnxExporter().export(checkpoint, probe(), directory, ExportOptions.FP32).manifest();
      Manifest named =
          Manifest.of("tiny", LABELS, exported.task().problemType(), Normalization.STANDARD, 24)
              .withProbe(probe())
              .withTemperature(2)
              .withOrigin(
                  new Manifest.Origin(
                      Map.of("test_accuracy", 0.5),
                      Map.of("license", "none: random weights"),
                      List.of()))
              .written(
                  exported.proof().precision(),
                  exported.proof().revision(),
                  exported.proof().files(),
                  Map.of());
      ManifestFile.write(directory, named);
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Writes a directory of the same network, whose input template takes a context, and returns it.
  public static Path writeWithContext(Path directory) {
    write(directory);
    try {
      Path file = directory.resolve(Manifest.FILE_NAME);
      Files.writeString(
          file,
          Files.readString(file)
              .replaceFirst(
                  "\"input_template\" *: *null",
                  "\"input_template\": \"%s\"".formatted(Manifest.Text.TEXT_AND_CONTEXT)));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What transformers answers for a text with its context; `generate_pairs.py`.
  public record Pair(String text, String context, int tokenCount, List<Float> logits) {}

  public static List<Pair> pairs() {
    try (InputStream in = TinyModel.class.getResourceAsStream("pairs.json")) {
      List<Pair> pairs = new ArrayList<>();
      for (JsonNode each : new ObjectMapper().readTree(in)) {
        pairs.add(
            new Pair(
                each.get("text").textValue(),
                each.get("context").textValue(),
                each.get("token_count").intValue(),
                each.get("logits").valueStream().map(JsonNode::floatValue).toList()));
      }
      return pairs;
    } catch (IOException e) {
      throw new IllegalStateException("pairs.json cannot be read", e);
    }
  }

  /// The texts with the ids and logits that transformers gives them; `generate_probe.py`.
  public static Probe probe() {
    try (InputStream in = TinyModel.class.getResourceAsStream("probe.json")) {
      List<Probe.Case> cases = new ArrayList<>();
      for (JsonNode each : new ObjectMapper().readTree(in)) {
        List<Integer> ids = each.get("input_ids").valueStream().map(JsonNode::intValue).toList();
        List<Float> logits = each.get("logits").valueStream().map(JsonNode::floatValue).toList();
        cases.add(new Probe.Case(each.get("text").textValue(), ids, logits));
      }
      return new Probe(cases);
    } catch (IOException e) {
      throw new IllegalStateException("probe.json cannot be read", e);
    }
  }
}
