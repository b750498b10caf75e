package dev.nunchi.cli;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What libtorch throws where the system, or the GPU, gives it no memory: a C++ exception that the
/// binding hands on as a plain [RuntimeException], known by its message alone.
final class LibtorchMemory {
  private static final Pattern REFUSED =
      Pattern.compile("can't allocate memory: you tried to allocate (\\d+ bytes)");

  private static final Pattern REFUSED_BY_GPU =
      Pattern.compile("CUDA out of memory\\. Tried to allocate ([\\d.]+ \\w+)");

  private LibtorchMemory() {}

  static boolean isOut(RuntimeException failure) {
    return failure.getClass().equals(RuntimeException.class)
        && (refused(REFUSED, failure).isPresent() || refused(REFUSED_BY_GPU, failure).isPresent());
  }

  static String sentence(RuntimeException failure) {
    Optional<String> ofGpu = refused(REFUSED_BY_GPU, failure);
    return "%s ran out: there are no further %s; smaller batches (tokens_per_batch of a"
            .formatted(
                ofGpu.isPresent() ? "The GPU's memory" : "Memory",
                ofGpu.or(() -> refused(REFUSED, failure)).orElse("bytes"))
        + " recipe, --batch-size) or a shorter max_length need less";
  }

  /// How much was asked for, with its unit.
  private static Optional<String> refused(Pattern pattern, RuntimeException failure) {
    Matcher refused = pattern.matcher(String.valueOf(failure.getMessage()));
    return refused.find() ? Optional.of(refused.group(1)) : Optional.empty();
  }
}
