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
public record LoadOptions(InferenceOptions.Device device, Workers workers, OptionalInt maxLength) {
  /// The model as its directory says, on the device that is there.
  public static final LoadOptions DEFAULT =
      new LoadOptions(
          InferenceOptions.Device.AUTO,
          new Workers(OptionalInt.empty(), 1024),
          OptionalInt.empty());

  /// The same on a device.
  public LoadOptions on(InferenceOptions.Device device) {
    return new LoadOptions(device, workers, maxLength);
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
