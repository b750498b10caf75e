package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.Backend;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.ClassifierSettings;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.Workers;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import dev.nunchi.train.ProbeRecorder;
import java.nio.file.Path;
import java.util.OptionalInt;

/// A checkpoint directory that libtorch runs.
final class Checkpoint implements AutoCloseable {
  private static final double NO_FRESH_PARAMETERS = 0;

  private final CheckpointDirectory directory;
  private final TorchNetwork network;

  private Checkpoint(CheckpointDirectory directory, TorchNetwork network) {
    this.directory = directory;
    this.network = network;
  }

  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where a parameter is missing or damaged
  static Checkpoint open(Path path) {
    CheckpointDirectory directory = CheckpointDirectory.open(path);
    try {
      directory.requireComplete();
      TorchRuntime.load(0);
      return new Checkpoint(
          directory,
          new TorchNetwork(directory.network(), directory.weights(), NO_FRESH_PARAMETERS));
    } catch (RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /// What libtorch computes for the probe's texts now.
  static Probe probe(Path path) {
    try (Checkpoint checkpoint = open(path);
        TextEncoder encoder =
            checkpoint.encoder(checkpoint.directory.description().text().maxLength())) {
      return new ProbeRecorder(encoder).record(checkpoint.network, path);
    }
  }

  /// The checkpoint as a model that answers; libtorch uses all processors in one call.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` for a longer input than the model takes,
  ///   `UNAVAILABLE` where a GPU is asked for
  static LoadedModel load(Path path, LoadOptions options) {
    if (options.device() == InferenceOptions.Device.CUDA) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "A checkpoint runs on the CPU only; export %s to run it on a GPU".formatted(path));
    }
    Checkpoint checkpoint = open(path);
    Manifest manifest = checkpoint.directory.description();
    int maxLength = options.maxLength(path, manifest);
    Classifier classifier =
        new Classifier(
            checkpoint.encoder(maxLength),
            checkpoint.backend(),
            new ClassifierSettings(
                path.toString(),
                manifest.task().labels(),
                manifest.task().problemType(),
                manifest.task().temperature(),
                checkpoint.network.network().padTokenId(),
                new Workers(OptionalInt.of(1)).on(InferenceOptions.Device.CPU),
                options.queueCapacity()));
    return new LoadedModel(manifest, maxLength, "cpu", classifier);
  }

  private TextEncoder encoder(int maxLength) {
    return TextEncoder.open(
        directory.path(), Normalizer.of(directory.description().text().normalization()), maxLength);
  }

  private Backend backend() {
    return new Backend() {
      @Override
      public float[][] logits(PaddedBatch batch) {
        return network.logits(batch);
      }

      @Override
      public void close() {
        Checkpoint.this.close();
      }
    };
  }

  @Override
  public void close() {
    network.close();
    directory.close();
  }
}
