package dev.nunchi.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads the paths of options. An empty one is not the working directory, which it would else be:
/// it comes from a shell variable that was never set.
final class PathConverter implements ITypeConverter<Path> {
  @Override
  public Path convert(String value) {
    if (value.isBlank()) {
      throw new TypeConversionException("expected a path but was '%s'".formatted(value));
    }
    try {
      return Path.of(value);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(
          "expected a path but was '%s' (%s)".formatted(value, e.getReason()));
    }
  }
}
