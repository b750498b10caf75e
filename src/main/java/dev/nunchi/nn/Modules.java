package dev.nunchi.nn;

import java.util.List;
import java.util.regex.Pattern;

/// A choice of layers by their names, as PEFT's `target_modules` and `exclude_modules` make it.
public sealed interface Modules {
  /// No layer.
  Modules NONE = new Named(List.of());

  boolean match(String layer);

  /// Layers of these names, or whose names end with one after a dot.
  record Named(List<String> names) implements Modules {
    public Named {
      names = List.copyOf(names);
    }

    @Override
    public boolean match(String layer) {
      return names.stream().anyMatch(name -> isNamed(layer, name));
    }

    static boolean isNamed(String layer, String name) {
      return layer.equals(name) || layer.endsWith("." + name);
    }
  }

  /// Layers whose whole name matches a regular expression.
  ///
  /// @param regex of the syntax that Java and Python share, or with Python's named groups
  record Matching(String regex, Pattern pattern) implements Modules {
    /// @throws java.util.regex.PatternSyntaxException where it is none
    public Matching(String regex) {
      this(regex, Pattern.compile(regex.replace("(?P<", "(?<")));
    }

    @Override
    public boolean match(String layer) {
      return pattern.matcher(layer).matches();
    }
  }

  /// Every linear layer.
  record All() implements Modules {
    @Override
    public boolean match(String layer) {
      return true;
    }
  }
}
