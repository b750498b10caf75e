package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.hub.ModelStore;
import dev.nunchi.infer.AnswerCounts;
import dev.nunchi.infer.Prediction;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.ModelFiles;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/// Where a model's `nunchi.json` says how it answers texts that it was measured with; the option
/// `--set-reference`.
///
/// @param directory of the model
record DriftReference(Path directory) {
  /// @throws NunchiException `INVALID_ARGUMENT` where there is no `nunchi.json`, or the model was
  ///   pulled: its files are held against what they were, and the next pull brings those back
  static DriftReference of(Path directory, CommandSpec spec) {
    ModelFiles.requireDirectory(directory);
    if (new ModelStore(ModelArgument.settings(spec)).holds(directory)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s is of a model that was pulled, whose files stay as they came, so --set-reference would damage it; copy the directory with 'cp -rL' or export the model, and give --model what that makes"
              .formatted(directory));
    }
    DriftReference reference = new DriftReference(directory);
    reference.manifest();
    return reference;
  }

  /// In place of what was there.
  void write(List<Prediction> predictions) {
    Manifest written = manifest();
    AnswerCounts counts = new AnswerCounts(written.task().labels());
    predictions.forEach(counts::add);
    ManifestFile.replace(directory, written.withOrigin(written.origin().with(counts.profile())));
  }

  Path file() {
    return directory.resolve(Manifest.FILE_NAME);
  }

  private Manifest manifest() {
    return ManifestFile.read(directory)
        .orElseThrow(() ->
            new NunchiException(
                Reason.INVALID_ARGUMENT,
                "%s has no %s, which --set-reference would write into; export the model first"
                    .formatted(directory, Manifest.FILE_NAME)));
  }
}
