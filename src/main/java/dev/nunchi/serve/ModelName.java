package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.text.Normalizer;
import java.util.regex.Pattern;

/// The names by which requests choose models: what they may be made of, and which are one.
///
/// A name stands in paths of REST, in services of health, in tags of metrics and, beside others, in
/// lines of the log, so it has none of the signs that mean something there. Korean comes composed
/// or decomposed, as from a Mac, and is one name: names are compared in NFC.
public final class ModelName {
  /// What a name may be made of, to be told to users.
  public static final String RULE =
      "a name has at most 100 letters and digits of any script, spaces and ._-+@()[], and begins"
          + " with a letter or digit";

  private static final String SIGNS = "\\p{L}\\p{N}\\p{M}._+@()\\[\\]\\-";
  private static final Pattern NAME =
      Pattern.compile("[\\p{L}\\p{N}](?:[%s ]{0,98}[%s])?".formatted(SIGNS, SIGNS));

  private ModelName() {}

  /// The name in the form in which names are compared.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` where it is none
  public static String of(String name) {
    String normalized = normalized(name);
    if (!NAME.matcher(normalized).matches()) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, "'%s' is no name of a model: %s".formatted(name, RULE));
    }
    return normalized;
  }

  /// What a caller sent, in the form in which names are compared.
  static String normalized(String name) {
    return Normalizer.normalize(name, Normalizer.Form.NFC);
  }
}
