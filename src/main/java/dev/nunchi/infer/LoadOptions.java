package dev.nunchi.infer;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.Manifest;
import java.nio.file.Path;
import java.util.OptionalInt;

/// How a model is to be loaded.
///
/// @param workers the threads that run it, and the places before them, which it shares with the
///   other models of the process
/// @param maxLength longest input in tokens where it is to be shorter than the model's own
/// @param copied whether the model answers from a copy of its graph and weights that nobody else
///   has, see [PrivateCopy]: for whoever answers for long, while the directory may change
/// @param loneTextThreads threads that share the work of a text that is alone, at least 1; more
///   take a second session's memory
public record LoadOptions(
    InferenceOptions.Device device,
    Workers workers,
    OptionalInt maxLength,
    boolean copied,
    int loneTextThreads) {
  /// The model as its directory says, from its files where they lie, on the device that is there.
  public static final LoadOptions DEFAULT =
      new LoadOptions(
          InferenceOptions.Device.AUTO,
          new Workers(OptionalInt.empty(), 1024),
          OptionalInt.empty());

  /// Of a model that answers from its files where they lie.
  public LoadOptions(InferenceOptions.Device device, Workers workers, OptionalInt maxLength) {
    this(device, workers, maxLength, false, 1);
  }

  /// The same on a device.
  public LoadOptions on(InferenceOptions.Device device) {
    return new LoadOptions(device, workers, maxLength, copied, loneTextThreads);
  }

  /// The longest input in tokens that these options and the model allow.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where it is to be longer than the model's own
  public int maxLength(Path path, Manifest manifest) {
    int wanted = maxLength.orElse(manifest.text().maxLength());
    if (wanted > manifest.text().maxLength()) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "The model in %s takes at most %d tokens, not %d"
              .formatted(path, manifest.text().maxLength(), wanted));
    }
    return wanted;
  }
}
