package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Sha256;
import dev.nunchi.data.Example;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Prediction;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Digests;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.ModelFiles;
import dev.nunchi.model.Provenance;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Truncation;
import dev.nunchi.train.Teacher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A model directory, a checkpoint or an adapter as the teacher of a training, opened as `evaluate`
/// opens it.
///
/// @param device that it runs on
/// @param bases where an adapter's base is that is no directory
record TeacherModel(Description description, Device device, BaseModels bases) implements Teacher {
  private static final Truncation TRUNCATION = Truncation.KEEP_HEAD_AND_TAIL;

  /// @throws NunchiException as [ModelDirectory#open] and [CheckpointDirectory#open]
  static TeacherModel of(Path directory, Device device, BaseModels bases) {
    ModelFiles.requireDirectory(directory);
    if (Files.exists(directory.resolve(ModelDirectory.GRAPH))) {
      return new TeacherModel(
          description(directory, ModelDirectory.open(directory).manifest(), Optional.empty()),
          device,
          bases);
    }
    try (CheckpointDirectory checkpoint = CheckpointDirectory.open(directory, bases)) {
      checkpoint.requireComplete();
      return new TeacherModel(
          description(directory, checkpoint.description(), checkpoint.baseDirectory()),
          device,
          bases);
    }
  }

  /// @param base directory of an adapter's base
  private static Description description(Path directory, Manifest manifest, Optional<Path> base) {
    Map<String, String> files = new TreeMap<>(ModelFiles.digests(directory));
    base.ifPresent(model ->
        ModelFiles.digests(model).forEach((name, digest) -> files.put("base/" + name, digest)));
    String known = manifest.proof().revision();
    return new Description(
        directory,
        Provenance.of(directory).name().orElse(manifest.name()),
        known.isEmpty() ? Digests.revision(files) : known,
        Provenance.of(directory).license(),
        Sha256.hex(
            "%s %s %s %s %s %s"
                .formatted(
                    known,
                    files,
                    manifest.text(),
                    TRUNCATION,
                    manifest.task().problemType(),
                    manifest.task().labels().names())),
        manifest.task().labels(),
        manifest.task().problemType(),
        manifest.task().temperature(),
        manifest.text().inputTemplate() != null,
        manifest.text().maxLength());
  }

  @Override
  public Scorer open() {
    LoadedModel loaded =
        ModelSource.AUTO.load(description.place(), LoadOptions.DEFAULT.on(device), bases);
    return new Scorer() {
      @Override
      public Scored score(List<Example> texts) {
        return scored(loaded, texts);
      }

      @Override
      public void close() {
        loaded.close();
      }
    };
  }

  private Scored scored(LoadedModel loaded, List<Example> texts) {
    List<Encoding> encodings = texts.stream().map(text -> encoding(loaded, text)).toList();
    List<Prediction> predictions = loaded.classifier().classifyAll(encodings, texts.size());
    return new Scored(
        predictions.stream().map(TeacherModel::logits).toArray(float[][]::new),
        (int) encodings.stream().filter(Encoding::truncated).count());
  }

  private Encoding encoding(LoadedModel loaded, Example text) {
    try {
      return loaded
          .classifier()
          .encode(text.text(), description.readsContext() ? text.context() : null, TRUNCATION);
    } catch (NunchiException e) {
      throw new NunchiException(
          e.reason(),
          "The teacher %s does not take the text with the id %s: %s; take it out of the data"
              .formatted(description.place(), text.id(), e.getMessage()),
          e);
    }
  }

  private static float[] logits(Prediction prediction) {
    float[] logits = new float[prediction.logits().size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = prediction.logits().get(i);
    }
    return logits;
  }
}
