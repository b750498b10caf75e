package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.infer.Backend;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.ClassifierSettings;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.ProbeCheck;
import dev.nunchi.infer.Workers;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.torch.ComputeDevice;
import dev.nunchi.torch.FreshParameters;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import dev.nunchi.train.ProbeRecorder;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// A checkpoint directory that libtorch runs, or an adapter's with its base.
final class Checkpoint implements AutoCloseable {
  private final CheckpointDirectory directory;
  private final TorchNetwork network;
  private final ComputeDevice device;

  private Checkpoint(CheckpointDirectory directory, TorchNetwork network, ComputeDevice device) {
    this.directory = directory;
    this.network = network;
    this.device = device;
  }

  /// @throws dev.nunchi.NunchiException `INVALID_MODEL` where a parameter is missing or damaged
  static Checkpoint open(Path path, BaseModels bases) {
    return open(path, bases, ComputeDevice.CPU);
  }

  private static Checkpoint open(Path path, BaseModels bases, ComputeDevice device) {
    CheckpointDirectory directory = CheckpointDirectory.open(path, bases);
    try {
      directory.requireComplete();
      TorchRuntime.load(0);
      ComputeDevice resolved = device.resolved();
      return new Checkpoint(
          directory,
          new TorchNetwork(
              directory.network(), directory.weights(), FreshParameters.USUAL, resolved),
          resolved);
    } catch (RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /// What libtorch computes for the probe's texts now, in the memory of a layer.
  static Probe probe(Path path, BaseModels bases) {
    try (CheckpointDirectory directory = CheckpointDirectory.open(path, bases)) {
      directory.requireComplete();
      TorchRuntime.load(0);
      return probe(directory);
    }
  }

  private static Probe probe(CheckpointDirectory directory) {
    try (TorchNetwork network = TorchNetwork.reading(directory.network(), directory.weights());
        TextEncoder encoder = encoder(directory, directory.description().text().maxLength())) {
      return new ProbeRecorder(encoder).recordAtOnce(network, directory.path());
    }
  }

  /// Checks that a checkpoint answers its probe, where it has one, as in training.
  ///
  /// @throws NunchiException `FAILED_CHECK` where it does not
  static void requireProbe(Path path) {
    try (Checkpoint checkpoint = open(path, BaseModels.NONE);
        TextEncoder encoder =
            checkpoint.encoder(checkpoint.directory.description().text().maxLength())) {
      @Nullable Probe probe = checkpoint.directory.description().proof().probe();
      if (probe != null) {
        new ProbeCheck(
                encoder,
                checkpoint.backend(),
                Precision.FP32,
                checkpoint.network.network().padTokenId())
            .run(probe);
      }
    }
  }

  /// The checkpoint as a model that answers; libtorch uses all processors in one call.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` for a longer input than the model takes,
  ///   `UNAVAILABLE` where a GPU is asked for and there is none that libtorch can use
  static LoadedModel load(Path path, LoadOptions options, BaseModels bases) {
    Checkpoint checkpoint =
        open(
            path,
            bases,
            switch (options.device()) {
              case AUTO -> ComputeDevice.AUTO;
              case CPU -> ComputeDevice.CPU;
              case CUDA -> ComputeDevice.CUDA;
            });
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
                new Workers(OptionalInt.of(1), 1).on(InferenceOptions.Device.CPU)));
    return new LoadedModel(manifest, maxLength, checkpoint.device.label(), classifier);
  }

  private TextEncoder encoder(int maxLength) {
    return encoder(directory, maxLength);
  }

  private static TextEncoder encoder(CheckpointDirectory directory, int maxLength) {
    return TextEncoder.open(
        directory.tokenizerDirectory(),
        Normalizer.of(directory.description().text().normalization()),
        maxLength);
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
