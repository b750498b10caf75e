package dev.nunchi.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What libtorch throws where the system gives it no memory: a C++ exception that the binding hands
/// on as a plain [RuntimeException], known by its message alone.
final class LibtorchMemory {
  private static final Pattern REFUSED =
      Pattern.compile("can't allocate memory: you tried to allocate (\\d+) bytes");

  private LibtorchMemory() {}

  static boolean isOut(RuntimeException failure) {
    return failure.getClass().equals(RuntimeException.class)
        && REFUSED.matcher(String.valueOf(failure.getMessage())).find();
  }

  static String sentence(RuntimeException failure) {
    Matcher refused = REFUSED.matcher(String.valueOf(failure.getMessage()));
    return "Memory ran out: there are no further %s bytes; smaller batches (tokens_per_batch of a"
            .formatted(refused.find() ? refused.group(1) : "")
        + " recipe, --batch-size) or a shorter max_length need less";
  }
}
