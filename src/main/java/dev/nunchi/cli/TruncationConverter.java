package dev.nunchi.cli;

import dev.nunchi.text.Truncation;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Truncation policies as options have them, `keep-head`; the REST interface's `keep_head` does
/// too.
final class TruncationConverter implements ITypeConverter<Truncation> {
  @Override
  public Truncation convert(String value) {
    return Arrays.stream(Truncation.values())
        .filter(
            policy -> optionName(policy).equals(value.replace('_', '-').toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() ->
            new TypeConversionException(
                "expected one of %s but was '%s'"
                    .formatted(
                        Arrays.stream(Truncation.values())
                            .map(TruncationConverter::optionName)
                            .collect(Collectors.joining(", ")),
                        value)));
  }

  private static String optionName(Truncation policy) {
    return policy.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
