package dev.nunchi.cli;

import dev.nunchi.data.Noise;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Which kinds of noise an option names.
///
/// @param kinds in the order of [Noise], each once
record NoiseSelection(List<Noise> kinds) {
  static final NoiseSelection NONE = new NoiseSelection(List.of());

  /// The value for every kind.
  static final String ALL = "all";

  NoiseSelection {
    kinds = kinds.stream().distinct().sorted().toList();
  }

  /// The names that the option takes, for its help.
  static final class Keys implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.of(Noise.values()).map(Noise::key).iterator();
    }
  }

  /// `emoji,jamo_split`, or `all`.
  static final class Converter implements ITypeConverter<NoiseSelection> {
    @Override
    public NoiseSelection convert(String value) {
      if (value.equals(ALL)) {
        return new NoiseSelection(List.of(Noise.values()));
      }
      return new NoiseSelection(
          Stream.of(value.split(",", -1))
              .map(key ->
                  Noise.find(key)
                      .orElseThrow(() ->
                          new TypeConversionException(
                              "expected %s or some of %s but was '%s'"
                                  .formatted(ALL, Noise.keys(), key))))
              .toList());
    }
  }
}
