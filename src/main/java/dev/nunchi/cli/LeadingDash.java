package dev.nunchi.cli;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Texts that begin with a dash, as faces (`-_-`) and lists do, and so are taken for options.
final class LeadingDash {
  /// What somebody writes who means an option.
  private static final Pattern OPTION = Pattern.compile("--?[A-Za-z][A-Za-z-]*(=.*)?");

  private LeadingDash() {}

  /// The text that was taken for an option; null where the failure is another.
  static @Nullable String text(ParameterException failure) {
    if (!(failure instanceof UnmatchedArgumentException unmatched)
        || !unmatched.isUnknownOption()
        || failure.getCommandLine().getCommandSpec().positionalParameters().isEmpty()) {
      return null;
    }
    String argument = unmatched.getUnmatched().getFirst();
    boolean mistyped = OPTION.matcher(argument).matches() && !unmatched.getSuggestions().isEmpty();
    return argument.startsWith("-") && !mistyped ? argument : null;
  }

  /// What to type instead, behind the sentence that says what was not understood.
  static String hint(ParameterException failure, String text) {
    return "; texts that begin with - stand behind --, as in: %s -- %s"
        .formatted(
            failure.getCommandLine().getCommandSpec().qualifiedName(),
            "'" + TsvAnswers.oneLine(text).replace("'", "'\\''") + "'");
  }
}
