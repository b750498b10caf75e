package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.model.DirectoryState;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoder;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// From a model directory to a model that answers: opened, its digests verified, its probe
/// replayed.
public final class ModelLoader {
  // Calls of one session share the cores better as callers than as threads of one call.
  static final int THREADS_OF_A_CALL = 1;

  private static final String NGRAMS = "ngram_linear";

  /// More of them in a run cost a text hardly less, and let the others wait longer.
  private static final int MOST_NGRAM_TEXTS = 32;

  /// Of a transformer: beyond them a call is a small part of its time, and the others wait longer.
  private static final int MOST_TEXTS = 8;

  private static final int MOST_TOKENS = 160;

  /// The same of one that computes no padding, so that texts of other lengths can stand beside a
  /// text, and a call of more of them is worth while.
  private static final int MOST_PACKED_TEXTS = 16;

  private static final int MOST_PACKED_TOKENS = 320;

  /// A GPU is hardly busy with fewer.
  private static final int MOST_TEXTS_ON_GPU = 64;

  private static final int MOST_TOKENS_ON_GPU = 8_192;

  private static final String TRIAL = "정말 좋아요";

  private ModelLoader() {}

  /// @throws NunchiException `INVALID_MODEL` or `UNSUPPORTED_MODEL` naming the file, `FAILED_CHECK`
  ///   if the model does not answer its probe as in training, `INVALID_ARGUMENT` for a longer input
  ///   than the model takes, `UNAVAILABLE` if the device cannot be used
  public static LoadedModel load(Path path, LoadOptions options) {
    Optional<DirectoryState> before = DirectoryState.of(path);
    LoadedModel model = load(path, ModelDirectory.open(path), before, options);
    try {
      // Else what was verified may be other than what was read afterwards.
      before.ifPresent(state -> state.requireSame(path));
      return model;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private static LoadedModel load(
      Path path, ModelDirectory directory, Optional<DirectoryState> state, LoadOptions options) {
    Manifest manifest = directory.manifest();
    int maxLength = options.maxLength(path, manifest);
    Opened opened = open(directory, options);
    Backend backend = opened.backend();
    try {
      Tested tested =
          test(
              path,
              manifest,
              directory.padTokenId(),
              length -> encoder(path, manifest, length),
              backend,
              maxLength);
      Classifier classifier =
          new Classifier(
              tested.encoder(),
              withLoneTexts(opened, directory, state, tested.encoder(), options),
              new ClassifierSettings(
                  // Not by its directory, as a server's callers are told it too.
                  manifest.name(),
                  manifest.task().labels(),
                  manifest.task().problemType(),
                  manifest.task().temperature(),
                  directory.padTokenId(),
                  options.workers().on(opened.device())),
              tested.alike()
                  ? mates(directory, opened, options.workers().count(opened.device()))
                  : BatchMates.none(),
              tested.alike());
      return new LoadedModel(
          manifest, maxLength, opened.device().name().toLowerCase(Locale.ROOT), classifier);
    } catch (RuntimeException e) {
      backend.close();
      throw e;
    }
  }

  /// What computes a model.
  ///
  /// @param device that it came to run on
  record Opened(Backend backend, Device device) {}

  private static Opened open(ModelDirectory directory, LoadOptions options) {
    if (isOfNgrams(directory) && directory.manifest().proof().precision() == Precision.INT8) {
      Device device = OnnxModel.device(directory, options.device());
      Optional<NgramBag> bag =
          PrivateCopy.open(
              directory.graph(), options.copied(), graph -> NgramBag.open(directory, graph));
      if (bag.isPresent()) {
        return new Opened(bag.get(), device);
      }
    }
    OnnxModel model = backend(directory, options, THREADS_OF_A_CALL);
    return new Opened(model, model.device());
  }

  private static boolean isOfNgrams(ModelDirectory directory) {
    return directory.modelType().equals(NGRAMS);
  }

  /// Transformers are written such that padding changes no sum. ONNX Runtime does not promise that
  /// of a bag of n-grams.
  private static BatchMates mates(ModelDirectory directory, Opened opened, int workers) {
    if (opened.backend() instanceof NgramBag) {
      return BatchMates.nearlyFree(MOST_NGRAM_TEXTS, workers);
    }
    if (isOfNgrams(directory)) {
      return BatchMates.none();
    }
    if (opened.device() == Device.CUDA) {
      return BatchMates.near(MOST_TEXTS_ON_GPU, MOST_TOKENS_ON_GPU, workers);
    }
    return opened.backend() instanceof OnnxModel model && model.isPacked()
        ? BatchMates.packed(MOST_PACKED_TEXTS, MOST_PACKED_TOKENS, workers)
        : BatchMates.near(MOST_TEXTS, MOST_TOKENS, workers);
  }

  /// A bag of n-grams is too small to be shared.
  static Backend withLoneTexts(
      Opened opened,
      ModelDirectory directory,
      Optional<DirectoryState> state,
      Encoder encoder,
      LoadOptions options) {
    Backend model = opened.backend();
    @Nullable Probe probe = directory.manifest().proof().probe();
    if (options.loneTextThreads() == 1
        || opened.device() != Device.CPU
        || isOfNgrams(directory)
        || state.isEmpty()
        || probe == null) {
      return model;
    }
    DirectoryState verified = state.get();
    return new LoneTextModel(
        model,
        () -> {
          verified.requireSame(directory.path());
          OnnxModel wide = backend(directory, options.on(Device.CPU), options.loneTextThreads());
          try {
            verified.requireSame(directory.path());
            requireSameLogits(directory, encoder, probe, model, wide);
            return wide;
          } catch (RuntimeException e) {
            wide.close();
            throw e;
          }
        });
  }

  /// @throws NunchiException `FAILED_CHECK` where a second session gives a text other logits
  private static void requireSameLogits(
      ModelDirectory directory, Encoder encoder, Probe probe, Backend model, Backend other) {
    for (Probe.Case one : probe.cases()) {
      PaddedBatch text =
          PaddedBatch.of(
              List.of(encoder.encode(one.text(), Truncation.KEEP_HEAD)), directory.padTokenId());
      if (!Arrays.equals(model.logits(text)[0], other.logits(text)[0])) {
        throw new NunchiException(
            Reason.FAILED_CHECK, directory.path() + " gives other logits on several cores");
      }
    }
  }

  private static OnnxModel backend(ModelDirectory directory, LoadOptions options, int threads) {
    InferenceOptions inference = new InferenceOptions(options.device(), threads);
    return PrivateCopy.open(
        directory.graph(), options.copied(), graph -> OnnxModel.open(directory, graph, inference));
  }

  /// What has answered its probe.
  ///
  /// @param alike whether a text's logits were the same alone as in a batch; not so where there is
  ///   no probe
  record Tested(Encoder encoder, boolean alike) {}

  /// Replays the probe, at the length that it was recorded with, and gives an encoder for another.
  ///
  /// @param path that errors name
  /// @param encoders gives the model's encoder for a length
  static Tested test(
      Path path,
      Manifest manifest,
      int padTokenId,
      IntFunction<Encoder> encoders,
      Backend backend,
      int maxLength) {
    Encoder encoder = encoders.apply(manifest.text().maxLength());
    boolean alike = false;
    try {
      @Nullable Probe probe = manifest.proof().probe();
      if (probe != null) {
        alike =
            new ProbeCheck(encoder, backend, manifest.proof().precision(), padTokenId).run(probe);
      } else {
        // Nothing to compare with; but what cannot run at all is found out now.
        Encoding trial = encoder.encode(TRIAL, Truncation.KEEP_HEAD);
        requireWidth(backend.logits(PaddedBatch.of(List.of(trial), padTokenId))[0], manifest);
      }
    } catch (NunchiException e) {
      encoder.close();
      throw new NunchiException(e.reason(), path + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      encoder.close();
      throw e;
    }
    if (maxLength == manifest.text().maxLength()) {
      return new Tested(encoder, alike);
    }
    encoder.close();
    return new Tested(encoders.apply(maxLength), alike);
  }

  /// A graph may leave open how many logits it has.
  private static void requireWidth(float[] logits, Manifest manifest) {
    int labels = manifest.task().labels().size();
    if (logits.length != labels) {
      throw new NunchiException(
          Reason.INVALID_MODEL,
          "The graph should have a logit for each of %d labels, but gives %d"
              .formatted(labels, logits.length));
    }
  }

  private static TextEncoder encoder(Path path, Manifest manifest, int maxLength) {
    return TextEncoder.open(path, Normalizer.of(manifest.text().normalization()), maxLength);
  }
}
